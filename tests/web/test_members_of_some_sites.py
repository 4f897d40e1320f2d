"""A member for some sites acts for these alone, and nothing of the others stands on any page it can open."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from auth_world import AuthWorld, auth_world, text_of
from databases import Databases
from deal_rows import DAY, deal
from flask.testing import FlaskClient
from people import firm, member, verified
from registry import ACTOR, AT, FLY_ASH, Registry
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circularity.accounts.api_tokens import make_token
from circularity.accounts.delegations import delegate
from circularity.accounts.memberships import Membership
from circularity.accounts.people import User
from circularity.audit import Actor
from circularity.database import reading, writing
from circularity.errors import RuleBroken
from circularity.jobs import Job
from circularity.ledger.generator_months import write_month
from circularity.ledger.months import LedgerMonth
from circularity.organisations import Organisation, Site
from circularity.readings import Owners, note_readings
from circularity.registry.entitlements import Facility
from circularity.uploads import OFFICIAL_FORMS, ask_for_import
from web.permissions import permission_of

HERE, THERE, ALL, PLANT = (f"{name}@both.example" for name in ("here", "there", "all", "plant"))


@dataclass
class TwoSites:
    """A firm with two sites and a plant with two, one deal between each pair; words by which to know each."""

    served: AuthWorld
    addresses: dict[str, list[str]]
    marks: dict[str, list[str]]
    sites: dict[str, str]
    uploads: dict[str, str]
    works: str


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
            made = TwoSites(served, {}, {}, {}, {}, works.public_id)
            for place in ("here", "there"):
                _one_of_each(made, registry, works, plant, place)
            _uploads(made, registry, works)
            for mail, organisation, only in (
                (HERE, works, "works here"), (THERE, works, "works there"), (PLANT, plant, "plant here"),
            ):  # fmt: skip
                member(session, organisation, mail, "operator", sites=(made.sites[only],))
            member(session, works, ALL)
        yield made


def _uploads(made: TwoSites, registry: Registry, works: Organisation) -> None:
    """A file about each site, and one about both at once."""
    sites = {place: _site(registry.session, made.sites[f"works {place}"]) for place in ("here", "there")}
    for name, about in (("here", ["here"]), ("there", ["there"]), ("both", ["here", "there"])):
        upload = ask_for_import(
            registry.session, actor=Actor("张三", works.public_id, "person"), at=AT, kind=OFFICIAL_FORMS,
            content=b"?", suffix="csv", parameters={"site": sites[about[0]].public_id},
            sites=[sites[place] for place in about],
        )  # fmt: skip
        made.uploads[name] = upload.job.public_id


def _site(session: Session, public_id: str) -> Site:
    return session.scalars(select(Site).filter_by(public_id=public_id)).one()


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


def program(world: TwoSites, mail: str) -> dict[str, str]:
    """Return the headers of a program that acts for a member."""
    with writing(world.served.engine).begin() as session:
        owner = session.scalars(select(Membership).join(Membership.user).where(User.mail == mail)).one()
        facts = {"name": "程序", "scopes": ("read", "write"), "days": 1}
        key, _ = make_token(session, actor=ACTOR, at=datetime.now(UTC), maker=owner, **facts)
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize(
    ("mail", "seen"), [(HERE, {"here"}), (THERE, {"there"}), (ALL, {"here", "there", "both"})]
)
def test_files_sent_for_other_sites_are_neither_shown_nor_cancelled(
    world: TwoSites, mail: str, seen: set[str]
) -> None:
    browser, headers = world.served.signed_in(mail), program(world, mail)
    own = f"/api/v1/organisations/{world.works}/imports"
    shown = text_of(browser.get("/imports"))
    listed = {row["id"] for row in browser.get(own, headers=headers).get_json()}
    assert listed == {world.uploads[name] for name in seen}
    for name, job in world.uploads.items():
        status = 200 if name in seen else 404
        assert (job in shown) == (name in seen)
        text_of(browser.get(f"/imports/{job}"), status)
        assert browser.get(f"{own}/{job}", headers=headers).status_code == status
    for name in world.uploads.keys() - seen:
        job = world.uploads[name]
        text_of(browser.post(f"/imports/{job}/cancellation"), 404)
        refused = browser.post(f"{own}/{job}/cancellation", json={}, headers=headers)
        assert refused.status_code == 404
    with reading(world.served.engine)() as session:
        assert not session.scalars(select(Job.public_id).where(Job.asked_to_cancel)).all()


def test_of_what_authorities_read_a_member_is_told_what_lies_at_its_sites(world: TwoSites) -> None:
    with writing(world.served.engine).begin() as session:
        for place in ("here", "there"):
            owners = Owners(frozenset({world.works}), frozenset({world.sites[f"works {place}"]}))
            note_readings(
                session, actor=ACTOR, at=AT, read={("Output", world.marks[f"works {place}"][2]): owners}
            )
        whole = Owners(frozenset({world.works}), frozenset())
        note_readings(session, actor=ACTOR, at=AT, read={("Organisation", world.works): whole})
    told = {
        "here": world.marks["works here"][2],
        "there": world.marks["works there"][2],
        "whole": world.works,
    }
    for mail, seen in ((HERE, {"here"}), (THERE, {"there"}), (ALL, {"here", "there", "whole"})):
        shown = text_of(world.served.signed_in(mail).get("/readings"))
        assert {name for name, mark in told.items() if f" {mark}" in shown} == seen, mail


def test_who_acts_for_some_sites_adds_none_on_either_way(world: TwoSites) -> None:
    facts = {"name_zh": "新厂区", "region_code": "310000", "lat": "31.2", "lon": "121.5", "datum": "wgs84"}
    browser, headers = world.served.signed_in(HERE), program(world, HERE)
    text_of(browser.post("/desk/sites", data=facts), 403)
    refused = browser.post(f"/api/v1/organisations/{world.works}/sites", json=facts, headers=headers)
    assert (refused.status_code, refused.get_json()["type"].rpartition(":")[2]) == (403, "some_sites_only")
    assert "some sites alone" in text_of(browser.get("/desk/sites?lang=en"))
    with reading(world.served.engine)() as session:
        assert session.scalar(select(Site).filter_by(name_zh="新厂区")) is None


def test_between_two_sites_of_one_firm_a_member_weighs_for_its_own_alone(world: TwoSites) -> None:
    """The firm sends from one site to a plant at its other one; for the first means as its sender alone."""
    with writing(world.served.engine).begin() as session:
        registry = Registry(session)
        registry.numbers = iter(range(700_000, 800_000))  # type: ignore[assignment]  # put in its place for the test
        works = session.scalars(select(Organisation).filter_by(public_id=world.works)).one()
        sends, takes = (_site(session, world.sites[f"works {place}"]) for place in ("here", "there"))
        plant = registry.facility(site=takes)
        bargain = deal(registry, works=sends, line=registry.line(plant))
        sheet = bargain.draft(metering="sheet", day=DAY).public_id
        assert works.id == sends.organisation_id
    browser, headers = world.served.signed_in(HERE), program(world, HERE)
    export = "磅单号,车号,毛重（吨）,皮重（吨）,过磅时间\n1,沪A1,30,10,2026-09-01 08:00\n"
    path = f"/api/v1/organisations/{world.works}/transfers/{sheet}/weighbridge-files"
    for side, status in (("receiver", 403), ("sender", 202)):
        sent = browser.post(
            f"{path}?side={side}", data=export.encode(), headers=headers | {"Content-Type": "text/csv"}
        )
        assert sent.status_code == status, sent.get_data(as_text=True)
    typed = {"line": "1", "file": (io.BytesIO(export.encode()), "export.csv")}
    refused = browser.post(f"/transfers/{sheet}/weighings", data=typed | {"side": "receiver"})
    assert refused.status_code == 403
    assert 'value="receiver"' not in text_of(browser.get(f"/transfers/{sheet}/weighings"))
    reading_of = {
        "side": "receiver", "kind": "conveyor", "meter": "B", "mass_t": "1",
        "read_at": "2026-09-01T08:00:00+08:00",
    }  # fmt: skip
    answer = browser.post(f"/api/v1/transfers/{sheet}/readings", json=reading_of, headers=headers)
    assert answer.status_code == 403
