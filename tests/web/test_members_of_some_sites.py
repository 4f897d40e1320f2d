"""A member for some sites acts for these alone, and nothing of the others stands on any page it can open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from auth_world import AuthWorld, auth_world, text_of
from databases import Databases
from deal_rows import deal
from flask.testing import FlaskClient
from people import firm, member, verified
from registry import FLY_ASH, Registry
from sqlalchemy import func, select

from circularity.accounts.delegations import delegate
from circularity.accounts.memberships import Membership
from circularity.accounts.people import User
from circularity.database import reading, writing
from circularity.errors import RuleBroken
from circularity.ledger.generator_months import write_month
from circularity.ledger.months import LedgerMonth
from circularity.organisations import Organisation, Site
from circularity.registry.entitlements import Facility
from web.permissions import permission_of

HERE, THERE, ALL, PLANT = (f"{name}@both.example" for name in ("here", "there", "all", "plant"))


@dataclass
class TwoSites:
    """A firm with two sites and a plant with two, one deal between each pair; words by which to know each."""

    served: AuthWorld
    addresses: dict[str, list[str]]
    marks: dict[str, list[str]]
    sites: dict[str, str]


@pytest.fixture(scope="module")
def world(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoSites]:
    with databases.new() as url, auth_world(url, tmp_path_factory.mktemp("two")) as served:
        with writing(served.engine).begin() as session:
            registry = Registry(session)
            works, plant = (
                verified(session, firm(session, 21)),
                firm(session, 22, roles=frozenset({"facility"})),
            )
            verified(session, plant)
            made = TwoSites(served, {}, {}, {})
            for place in ("here", "there"):
                _one_of_each(made, registry, works, plant, place)
            for mail, organisation, only in (
                (HERE, works, "works here"), (THERE, works, "works there"), (PLANT, plant, "plant here"),
            ):  # fmt: skip
                member(session, organisation, mail, "operator", sites=(made.sites[only],))
            member(session, works, ALL)
        yield made


def _one_of_each(
    made: TwoSites, registry: Registry, works: Organisation, plant: Organisation, place: str
) -> None:
    names = {"name_zh": f"厂区-{place}", "name_en": f"yard {place}"}
    site = registry.site(organisation=works, **names)
    facility = registry.facility(site=registry.site(organisation=plant, **names))
    line = registry.line(facility)
    output = registry.output(site=site)
    bargain = deal(registry, 100, works=site, line=line)
    load = bargain.at_the_gate(10)
    act = {"session": registry.session, **registry.act}
    month = write_month(
        **act, site=site, waste_code=FLY_ASH, year=2026, month=9, uses=[], generated_kg=1000, discarded_kg=0,
        stored_kg=1000,
    )  # fmt: skip
    entry = registry.listing(facility)
    registry.session.flush()
    made.sites |= {f"works {place}": site.public_id, f"plant {place}": facility.site.public_id}
    shared = [f"/agreements/{bargain.agreement.public_id}", f"/transfers/{load.public_id}"]
    made.addresses |= {
        f"works {place}": [*shared, f"/months/{month.public_id}"],
        f"plant {place}": [*shared, f"/register/entitlements/{line.entitlement.public_id}",
                           f"/register/entries/{entry.public_id}"],
    }  # fmt: skip
    numbers = [bargain.agreement.number, load.number]
    made.marks |= {
        f"works {place}": [*numbers, output.public_id, month.public_id, site.public_id],
        f"plant {place}": [*numbers, facility.public_id, line.entitlement.number, line.public_id],
    }


def desk(world: TwoSites, browser: FlaskClient) -> str:
    """Return all that a person's own pages show."""
    rules = {rule.rule for rule in world.served.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    shown = []
    for rule in sorted(rules):
        adapter = world.served.app.url_map.bind("localhost")
        endpoint = adapter.match(rule)[0] if "<" not in rule else ""
        known = permission_of("GET", endpoint) if endpoint else None
        if known is not None and known.verb not in ("public.read",) and not rule.startswith("/api/"):
            shown.append(browser.get(rule).get_data(as_text=True))
    assert len(shown) > 12
    return "\n".join(shown)


@pytest.mark.parametrize(
    ("mail", "own", "other"),
    [(HERE, "works here", "works there"), (THERE, "works there", "works here"),
     (PLANT, "plant here", "plant there")],
)  # fmt: skip
def test_of_two_sites_a_member_sees_its_own(world: TwoSites, mail: str, own: str, other: str) -> None:
    browser = world.served.signed_in(mail)
    shown = desk(world, browser)
    assert world.marks[own][0] in shown
    assert world.marks[own][1] in shown
    assert not [mark for mark in world.marks[other] if mark in shown]
    for address in world.addresses[own]:
        text_of(browser.get(address))
    for address in world.addresses[other]:
        text_of(browser.get(address), 404)


def test_a_member_of_all_sites_sees_both(world: TwoSites) -> None:
    browser = world.served.signed_in(ALL)
    shown = desk(world, browser)
    for place in ("works here", "works there"):
        assert all(mark in shown for mark in world.marks[place][:2])
        assert all(browser.get(address).status_code == 200 for address in world.addresses[place])


def test_a_form_that_names_another_site_is_refused_and_writes_nothing(world: TwoSites) -> None:
    def months() -> int:
        with reading(world.served.engine)() as session:
            return session.scalar(select(func.count()).select_from(LedgerMonth)) or 0

    browser, before = world.served.signed_in(HERE), months()
    facts = {
        "waste_code": FLY_ASH, "year": "2026", "month": "8", "generated_t": "1", "discarded_t": "0",
        "stored_t": "1",
    }  # fmt: skip
    answer = browser.post("/months/new", data=facts | {"site": world.sites["works there"]})
    assert answer.status_code in (403, 422)
    assert months() == before
    text_of(browser.post(f"{world.addresses['works there'][2]}/acts/close"), 404)
    with reading(world.served.engine)() as session:
        lines = select(Facility).join(Facility.site).where(Site.public_id == world.sites["plant there"])
        line = session.scalars(lines).one().entitlements[0].lines[0].public_id
    offer = {"site": world.sites["works there"], "entitlement_line": line, "waste_code": FLY_ASH}
    assert browser.post("/agreements/new", data=offer).status_code in (403, 422)
    assert browser.post("/months/new", data=facts | {"site": world.sites["works here"]}).status_code == 303
    assert months() == before + 1


def test_whoever_acts_for_some_sites_is_lent_no_ownership_of_all(world: TwoSites) -> None:
    with writing(world.served.engine)() as session:
        rows = {
            row.user.mail: row
            for row in session.scalars(
                select(Membership).join(Membership.user).where(User.mail.in_((HERE, ALL)))
            )
        }
        at = datetime.now(UTC)
        until = at.date() + timedelta(days=3)
        with pytest.raises(RuleBroken, match="some sites"):
            delegate(
                session, actor=Registry(session).act["actor"], at=at, lender=rows[ALL], colleague=rows[HERE],
                role="owner", until=until,
            )  # fmt: skip
