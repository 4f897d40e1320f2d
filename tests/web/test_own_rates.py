"""Reported rates as a party reads them: of a region by its authority, a generator's own, a plant's limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
from auth_world import AuthWorld, auth_world
from databases import Databases
from people import enrolled, firm, member, verified
from posted_mass import plant_of, works_of
from registry import ACTOR, ANHUI, JIANGSU, Registry, T
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.accounts.api_tokens import make_token
from circularity.audit import AuditEvent
from circularity.database import reading, writing
from circularity.organisations import Organisation, Site
from web.today import today

YEAR = today().year
BOSS, PROVINCE, CITY, WATER, PLANT = (
    f"{name}@own.example" for name in ("boss", "province", "city", "water", "plant")
)


@dataclass
class Region:
    """What was booked, who asks, and the ids of the parties."""

    served: AuthWorld
    ids: dict[str, str]
    keys: dict[str, str]

    def page(self, mail: str, address: str = "/desk/rates", status: int = 200) -> str:
        answer = self.served.signed_in(mail).get(address)
        assert answer.status_code == status, answer.get_data(as_text=True)[-1500:]
        return answer.get_data(as_text=True)

    def told(self, mail: str, query: str = "", status: int = 200, what: str = "reported") -> Any:
        address = f"/api/v1/organisations/{self.ids[mail]}/rates/{what}{query}"
        bearer = {"Authorization": f"Bearer {self.keys[mail]}"}
        answer = self.served.app.test_client().get(address, headers=bearer)
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.get_json()

    def noted(self) -> list[str]:
        with reading(self.served.engine)() as session:
            wanted = select(AuditEvent.subject_id).filter_by(action="record.read")
            subjects = list(session.scalars(wanted.order_by(AuditEvent.position)))
            # What lies at a site is noted on the site.
            sites = {site.public_id: site.organisation.public_id for site in session.scalars(select(Site))}
            return [sites.get(subject, subject) for subject in subjects]


@pytest.fixture(scope="module")
def region(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    """Two works in Suzhou (100 t, 60 used; 100 t, 90 used), one in Wuhu (50 t); a plant, nearly full."""
    with databases.new() as url, auth_world(url, tmp_path_factory.mktemp("own")) as served:
        made = Region(served, {}, {})
        with writing(served.engine).begin() as session:
            registry = Registry(session)
            for name, place, generated, used in (
                (BOSS, JIANGSU, 100, 60), ("other", JIANGSU, 100, 90), ("far", ANHUI, 50, 0),
            ):  # fmt: skip
                _works(made, registry, name, place, generated, used)
            _plant(made, registry)
            for mail, code, kind in (
                (PROVINCE, "320000", "ecology"), (CITY, "320500", "ecology"), (WATER, "320000", "water"),
            ):  # fmt: skip
                facts = {"roles": frozenset({"authority"}), "region_code": code}
                office = verified(session, firm(session, len(made.ids) + 31, **facts), kind)
                _reads(made, session, office, mail)
        yield made


def _works(
    made: Region, registry: Registry, name: str, place: tuple[float, float, str], generated: int, used: int
) -> None:
    """Half of what is used goes to a plant, half is own use; all in January."""
    end = date(YEAR, 1, 31)
    generator = verified(registry.session, firm(registry.session, len(made.ids) + 31))
    works = works_of(registry, place, organisation=generator)
    works.month(("generated", generated * T), day=end)
    if used:
        works.month(("own_utilised", used * T // 2, "C2"), day=end)
        works.delivered(used * T // 2, plant_of(registry, ANHUI), vintage=YEAR, day=end)
    if name == BOSS:
        _reads(made, registry.session, generator, BOSS)
    made.ids[name] = generator.public_id


def _plant(made: Region, registry: Registry) -> None:
    plant = verified(registry.session, firm(registry.session, 29, roles=frozenset({"facility"})))
    facility = registry.facility(site=registry.site(JIANGSU, organisation=plant))
    always = {"available_from": None, "available_to": None, "permitted_kg": 1000}
    for received_kg in (850, 1000):
        line = registry.line(facility, annual_limit_kg=1000)
        registry.window(line=line, received_kg=received_kg, **always)
    _reads(made, registry.session, plant, PLANT)


def _reads(made: Region, session: Session, organisation: Organisation, mail: str) -> None:
    """Give an organisation an owner and a program that reads."""
    owner = member(session, organisation, mail)
    session.flush()
    if "authority" in organisation.roles:
        enrolled(session, owner.user)
    facts = {"maker": owner, "name": "程序", "scopes": ("read",), "days": 1}
    made.keys[mail], _ = make_token(session, actor=ACTOR, at=datetime.now(UTC), **facts)
    made.ids[mail] = organisation.public_id


def general(answer: Any) -> dict[str, Any]:
    found = answer["scopes"][0]
    assert found["scope"] == "general"
    return dict(found)


def test_an_authority_reads_its_region_exactly_though_strangers_are_told_nothing(region: Region) -> None:
    told = general(region.told(PROVINCE))
    assert told["acceptance"]["generated_t"] == "200"
    assert told["acceptance"]["rate_percent"] == "75"  # (60 + 90) / (100 + 100)
    assert told["treatment"]["rate_percent"] == "37.5"  # own use alone
    page = region.page(PROVINCE)
    assert "75.00 %" in page
    assert "37.50 %" in page
    stranger = region.served.browser()
    public = stranger.get(f"/api/v1/rates/reported?year={YEAR}&province=32").get_json()
    assert [scope["withheld"] for scope in public["scopes"]] == [True, True]
    assert stranger.get("/desk/rates").status_code in (303, 401)


def test_it_is_told_by_city_stream_month_and_generator(region: Region) -> None:
    rows = {key: region.told(PROVINCE, f"?by={key}")["rows"] for key in ("city", "stream", "month")}
    assert {key: [row["key"] for row in found] for key, found in rows.items()} == {
        "city": ["3205"], "stream": ["fly_ash"], "month": ["01"],
    }  # fmt: skip
    by = {row["key"]: row["sums"] for row in region.told(PROVINCE, "?by=organisation")["rows"]}
    assert {name: by[region.ids[name]]["rate_percent"] for name in (BOSS, "other")} == {
        BOSS: "60",
        "other": "90",
    }
    one = general(region.told(PROVINCE, f"?generator_id={region.ids['other']}"))
    assert one["acceptance"]["rate_percent"] == "90"
    assert general(region.told(PROVINCE, "?quarter=2"))["acceptance"]["generated_t"] == "0"
    assert general(region.told(CITY))["acceptance"]["generated_t"] == "200"
    page = region.page(PROVINCE, f"/desk/rates?organisation={region.ids['other']}&part=q1")
    assert "90.00 %" in page


def test_no_filter_leads_out_of_the_region(region: Region) -> None:
    assert region.told(CITY, "?region=34", 422)["errors"][0]["rule"] == "outside_region"
    assert region.told(CITY, "?region=32", 422)["errors"][0]["column"] == "region"
    far = general(region.told(PROVINCE, f"?generator_id={region.ids['far']}"))
    assert far["acceptance"]["generated_t"] == "0"
    page = region.page(CITY, f"/desk/rates?region=34&organisation={region.ids['far']}")
    assert "75.00 %" in page  # of the city, as if neither had been asked for
    assert "Works 33" not in page


def test_a_generator_reads_its_own_and_nobody_else_s(region: Region) -> None:
    told = region.told(BOSS, f"?by=organisation&generator_id={region.ids['other']}")
    assert [(row["key"], row["sums"]["rate_percent"]) for row in told["rows"]] == [(region.ids[BOSS], "60")]
    assert "60.00 %" in region.page(BOSS)
    assert "75.00 %" not in region.page(BOSS)
    region.served.app.test_client()
    other = f"/api/v1/organisations/{region.ids['other']}/rates/reported"
    bearer = {"Authorization": f"Bearer {region.keys[BOSS]}"}
    assert region.served.app.test_client().get(other, headers=bearer).status_code == 404


def test_an_office_of_one_waste_reads_that_waste_alone(region: Region) -> None:
    assert general(region.told(WATER))["acceptance"]["generated_t"] == "0"  # fly ash is none of sludge


def test_a_plant_reads_its_limits_with_warning_and_day_and_its_authority_those_of_the_region(
    region: Region,
) -> None:
    own = region.told(PLANT, what="capacity")
    assert [(row["received_t"], row["permitted_t"], row["warning_percent"]) for row in own] == [
        ("1", "1", 100),
        ("0.85", "1", 80),
    ]
    assert own[0]["full_on"] == today().isoformat()
    assert region.told(PROVINCE, "?warned=true", what="capacity") == own
    assert region.told(PROVINCE, "?warned=false", what="capacity") == []
    assert region.told(BOSS, what="capacity") == []
    page = region.page(PLANT, "/desk/capacity")
    assert "2 of these yearly limits are used to 80 % or more" in page
    assert "85.0 %" in page


def test_whose_figures_an_authority_read_can_see_it(region: Region) -> None:
    before = len(region.noted())
    region.told(PROVINCE, "?by=organisation")
    assert set(region.noted()[before:]) == {region.ids[BOSS], region.ids["other"]}
    before = len(region.noted())
    region.told(PROVINCE, what="capacity")
    assert set(region.noted()[before:]) == {region.ids[PLANT]}
    before = len(region.noted())
    region.page(PROVINCE)
    assert set(region.noted()[before:]) == {region.ids[name] for name in (BOSS, "other", PLANT)}
    before = len(region.noted())
    region.told(BOSS)
    region.page(PLANT)
    assert region.noted()[before:] == []
