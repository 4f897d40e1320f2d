"""The desk as its users see it: act as a party, look at a page, press a button; and where that leads."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from itertools import count
from typing import Any

from flask.testing import FlaskClient
from page_world import Pages, served_pages
from registry import ACTOR, Registry, credit_code
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.database import create_engine_for, writing
from circularity.organisations import Organisation, register_organisation
from circularity.runs.stored import Proposal
from matching.database.run import run_matching
from web.today import today
from web.worker import perform

POWER, BRICKS, CEMENT = "虚构发电有限公司", "虚构建材有限公司", "虚构水泥有限公司"
ACIDS, OFFICE = "虚构再生酸有限公司", "虚构市生态环境局"
BLOCKS, YARD = "虚构砌块有限公司", "虚构收集有限公司"
"""A plant and a collector in Shanghai that no run has proposed anything to."""


@dataclass
class Desk:
    """A visitor with a cookie, and the public ids of parties by their Chinese names."""

    client: FlaskClient
    pages: Pages
    parties: dict[str, str]
    proposals: dict[str, str]

    def act_as(self, party: str, side: str, person: str = "张三") -> None:
        """Choose a party."""
        chosen = {"organisation": self.parties[party], "side": side, "person": person}
        assert self.press("/acting", **chosen) == "/desk"

    def see(self, address: str, lang: str = "en", status: int = 200) -> str:
        """Return the words of a page."""
        answer = self.client.get(f"{address}{'&' if '?' in address else '?'}lang={lang}")
        assert answer.status_code == status, (address, words(answer.get_data(as_text=True))[-400:])
        return words(answer.get_data(as_text=True))

    def press(self, address: str, **typed: str) -> str:
        """Send a form that is done, and return where it leads."""
        answer = self.client.post(address, data=typed)
        assert answer.status_code == 303, words(answer.get_data(as_text=True))[:900]
        return str(answer.headers["Location"])

    def refused(self, address: str, lang: str = "en", status: int = 422, **typed: str) -> str:
        """Send a form that is refused, and return the page's source."""
        answer = self.client.post(f"{address}?lang={lang}", data=typed)
        assert answer.status_code == status, answer.headers
        return unescape(answer.get_data(as_text=True))

    def upload(self, address: str, content: str, name: str = "export.csv", **typed: str) -> tuple[int, str]:
        """Upload a file, let a worker read it, and return the status and the words of where it leads."""
        return self.send_file(address, typed | {"file": (io.BytesIO(content.encode()), name)})

    def send_file(self, address: str, form: dict[str, Any]) -> tuple[int, str]:
        """Send a form with its file as `upload` does."""
        answer = self.client.post(f"{address}?lang=en", data=form, content_type="multipart/form-data")
        if answer.status_code != 303:
            return answer.status_code, words(answer.get_data(as_text=True))
        place = str(answer.headers["Location"])
        self.work(place)
        return 200, self.see(place)

    def work(self, place: str) -> None:
        """Let a worker do the job that stands at an address."""
        perform(self.client.application.extensions["circularity.engine"], place.rpartition("/")[2])

    def agreed(self, plant: str = BRICKS) -> str:
        """Accept a plant's proposal, confirm it as the plant, and return the deal's address."""
        self.act_as(POWER, "generator")
        deal = self.press(f"/proposals/{self.proposals[plant]}/acceptance")
        self.act_as(plant, "facility")
        self.press(f"{deal}/acts/confirm")
        self.act_as(POWER, "generator")
        return deal

    def dealt(self, sender: str, plant: str, tonnes: str = "100") -> str:
        """Offer ash as the sender, accept it as the plant, confirm it, and return the deal's address."""
        self.act_as(sender, "generator")
        found = self.client.get(f"/agreements/new?q_entitlement_line={plant}").get_data(as_text=True)
        (offered,) = re.findall(r'href="(/agreements/new[?]entitlement_line=\w{32})"', found)
        chosen = self.client.get(offered).get_data(as_text=True)
        site, line = re.findall(r'type="hidden" name="(?:site|entitlement_line)" value="(\w{32})"', chosen)
        days = {"valid_from": today().isoformat(), "valid_to": today().replace(month=12, day=31).isoformat()}
        sides = {"site": site, "entitlement_line": line, "waste_code": "900-001-S02", "mass_t": tonnes}
        words = {"lot": "regular", "cadence": "once", "settles": "received", "price_kind": "fixed"}
        deal = self.press("/agreements/new", **sides, **days, **words)
        self.act_as(plant, "facility")
        self.press(f"{deal}/acts/accept")
        self.act_as(sender, "generator")
        self.press(f"{deal}/acts/confirm")
        return deal

    def trip(self, tonnes: str = "30") -> dict[str, str]:
        """What is typed for a trip that the generator drives itself."""
        carrier = {"carriers.1.carrier": self.parties[POWER], "carriers.1.vehicle": "沪A12345"}
        return {
            "metering": "trip",
            "conveyance": "vehicle",
            "day": today().isoformat(),
            "lines.1.sent_t": tonnes,
            **carrier,
        }

    def at_the_gate(self) -> str:
        """Send a trip, as far as the plant's gate, and act as the plant."""
        transfer = self.press(f"{self.agreed()}/transfers/new", **self.trip())
        self.press(f"{transfer}/acts/sign", person="张三")
        self.press(f"{transfer}/acts/carry", person="李四")
        self.act_as(BRICKS, "facility", "王五")
        self.press(f"{transfer}/acts/arrive")
        return transfer


def words(html: str) -> str:
    """Return the text of a page without its marks, spaces run together."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


@contextmanager
def desk(url: str) -> Iterator[Desk]:
    """Serve the registry of the pages, matched as of now, with an authority beside."""
    with served_pages(url, matched=False, open_to_write=True) as pages:
        engine = create_engine_for(url)
        now = datetime.now(UTC)
        with writing(engine).begin() as session:
            register_organisation(
                session,
                actor=ACTOR,
                at=now,
                name_zh=OFFICE,
                name_en="Fictional Office",
                credit_code=credit_code(900),
                roles=frozenset({"authority"}),
                region_code="310100",
                fictional=True,
            )
        run_matching(engine, actor=ACTOR, at=now)
        with writing(engine)() as session:
            parties = {row.name_zh: row.public_id for row in session.scalars(select(Organisation))}
            proposals = {
                proposal.window.line.entitlement.facility.site.organisation.name_zh: proposal.public_id
                for proposal in session.scalars(select(Proposal))
            }
        with writing(engine).begin() as session:
            parties |= _bystanders(session, now)
        engine.dispose()
        yield Desk(pages.client.application.test_client(), pages, parties, proposals)


def _bystanders(session: Session, at: datetime) -> dict[str, str]:
    """Register a plant and a collector after the run; return their public ids by name."""
    registry = Registry(session, numbers=count(5000), act={"actor": ACTOR, "at": at})
    found = {}
    for name_zh, name_en, kind in (
        (BLOCKS, "Fictional Blocks", "utiliser"),
        (YARD, "Fictional Yard", "collector"),
    ):
        party = registry.organisation(name_zh=name_zh, name_en=name_en, fictional=True)
        registry.line(registry.facility(site=registry.site(organisation=party), kind=kind))
        found[name_zh] = party.public_id
    session.flush()
    return found


__all__ = ["ACIDS", "BLOCKS", "BRICKS", "CEMENT", "OFFICE", "POWER", "YARD", "Desk", "desk", "words"]
