"""Reported rates on the page and in the API: what is told, what is withheld, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from api_world import SECRET_LIMIT_KG, World, world
from databases import Databases
from flask.testing import FlaskClient
from openapi_document import mismatches
from posted_mass import plant_of, works_of
from registry import JIANGSU, Registry, T

from circularity.database import create_engine_for, writing
from web.app import create_app
from web.config import Config
from web.today import today

NAME = "Fictional Steel"


@contextmanager
def served(url: str, *, fictional: bool) -> Iterator[FlaskClient]:
    """Three works in Shanghai and one in Jiangsu with a year of mass, and three lines with a limit."""
    engine = create_engine_for(url)
    with writing(engine).begin() as session:
        registry = Registry(session)
        plant = plant_of(registry) if not fictional else registry.site(
            JIANGSU, organisation=registry.organisation(fictional=True)
        )  # fmt: skip
        for number, place in enumerate(("here", "here", "here", "there"), 1):
            organisation = registry.organisation(name_en=f"{NAME} {number}", fictional=fictional)
            where = {"place": JIANGSU} if place == "there" else {}
            works = works_of(registry, organisation=organisation, **where)
            works.opened(100 * T, vintage=2024, day=date(2025, 1, 1))
            works.month(("own_utilised", 100 * T, "C2"), vintage=2024, day=date(2025, 1, 31))
            works.month(
                ("generated", 1000 * T), ("own_utilised", 300 * T, "C2"), ("entrusted_utilised", 200 * T),
                day=date(2025, 6, 30),
            )  # fmt: skip
            works.delivered(400 * T, plant, vintage=2025, day=date(2025, 9, 30))
            works.waste_code = "900-003-S17"
            works.month(("generated", 1 * T), day=date(2025, 6, 30))
            facility = registry.facility(site=works.works)
            line = registry.line(facility, annual_limit_kg=1000)
            registry.window(line=line, permitted_kg=950, received_kg=200 * number, available_from=None,
                            available_to=None)  # fmt: skip
    engine.dispose()
    app = create_app(Config(database_url=url, secret_key="s" * 32))
    try:
        yield app.test_client(use_cookies=False)
    finally:
        app.extensions["circularity.engine"].dispose()


@pytest.fixture(scope="module")
def fiction(databases: Databases) -> Iterator[FlaskClient]:
    with databases.new() as url, served(url, fictional=True) as client:
        yield client


@pytest.fixture(scope="module")
def reality(databases: Databases) -> Iterator[FlaskClient]:
    with databases.new() as url, served(url, fictional=False) as client:
        yield client


@pytest.fixture(scope="module")
def small(databases: Databases) -> Iterator[World]:
    with databases.new() as url, world(url) as made:
        yield made


def page(client: FlaskClient, address: str, lang: str = "en") -> str:
    answer = client.get(address, headers={"Accept-Language": lang})
    assert answer.status_code == 200, address
    return answer.get_data(as_text=True)


def test_the_page_tells_rate_target_evidence_and_coverage(fiction: FlaskClient) -> None:
    text = page(fiction, "/rates?year=2025&province=31")
    # Three works: (100 + 500 + 400) × 3 = 3000 t of (1001 + 100) × 3 = 3303 t.
    assert "90.83 %" in text
    assert "Target 95 %" in text
    assert "short of it" in text
    assert "signed receipts 40.0 %" in text
    assert "of the last official generation" in text
    assert "no official statistic" in text
    assert f"{NAME} 1" in text


def test_tonnes_stand_first_where_the_coverage_is_low(fiction: FlaskClient) -> None:
    text = page(fiction, "/rates?year=2025&province=31")
    assert 0 < text.index('class="figure" title="3,000.000 t"') < text.index("90.83 %")


def test_the_page_speaks_both_languages_and_says_nothing_of_plans(fiction: FlaskClient) -> None:
    text = page(fiction, "/rates?year=2025", "zh")
    assert "申报利用率" in text
    assert "平台口径，不等于统计口径" in text
    assert "Reported" not in text
    assert 'class="badge note">计划' not in text


def test_a_quarter_is_told_and_nonsense_in_the_address_is_ignored(fiction: FlaskClient) -> None:
    assert "1.6 <small>kt</small>" in page(fiction, "/rates?year=2025&part=q3")  # 4 × 400 t accepted
    assert "No figures" in page(fiction, "/rates?year=2025&part=m12&province=34")
    assert "2025" in page(fiction, "/rates?year=abc&part=q9&province=99")


def test_capacity_is_told_with_its_warning(fiction: FlaskClient) -> None:
    text = page(fiction, "/rates")
    assert "Of 4 yearly limits" in text
    assert "1 have reached 80 %" in text
    assert "80.0 %" in text


def test_strangers_see_no_party_and_no_table_of_a_province(reality: FlaskClient) -> None:
    text = page(reality, "/rates?year=2025")
    assert NAME not in text
    assert "rows of fewer than three generators are added up" in text
    assert "By organisation" not in text
    assert "Of 4 yearly limits" in text
    assert "outside the platform</span>" not in text  # no facility's own figures
    assert "No figures" in page(reality, "/rates?year=2025&province=32")
    assert "No figures" in page(reality, "/rates?year=2025&province=31")  # would give Jiangsu's away


def test_the_api_tells_the_delta_and_adds_up_what_is_small(reality: FlaskClient) -> None:
    told = reality.get("/api/v1/rates/reported?year=2025").get_json()
    general, bulk = told["scopes"]
    assert (told["basis"], told["formula_version"]) == ("reported", 2)
    assert general["acceptance"]["rate_percent"] == "90.83"  # 4000 / 4404
    assert general["treatment"]["rate_percent"] == "54.5"  # 2400 / 4404
    assert general["acceptance"]["plain_ratio_percent"] == "99.9"  # 4000 / 4004
    assert not bulk["withheld"]
    assert {row["key"] for row in told["rows"] if row["table"] == "province"} == {"other"}
    province = reality.get("/api/v1/rates/reported?year=2025&province=31").get_json()
    assert [scope["withheld"] for scope in province["scopes"]] == [True, True]
    assert all("acceptance" not in scope and "coverage_en" not in scope for scope in province["scopes"])
    assert province["scopes"][0]["target"]["rate_percent"] == "95"


def test_the_api_refuses_a_quarter_and_a_month_together_and_unknown_words(reality: FlaskClient) -> None:
    for query in ("quarter=1&month=1", "quarter=5", "year=x", "organisation=1"):
        assert reality.get(f"/api/v1/rates/reported?{query}").status_code == 422, query


def test_answers_with_figures_are_as_described(reality: FlaskClient) -> None:
    document = reality.get("/openapi.json").get_json()
    for path in ("/api/v1/rates/reported", "/api/v1/rates/capacity"):
        schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        answer = reality.get(f"{path}?year=2025" if path.endswith("reported") else path).get_json()
        assert list(mismatches(document, schema, answer)) == []


def test_limits_are_counted_and_those_of_two_organisations_are_not(
    reality: FlaskClient, small: World
) -> None:
    counted = reality.get("/api/v1/rates/capacity").get_json()
    assert counted == {
        "as_of": today().isoformat(), "withheld": False, "limits": 4,
        "reached_90_percent": 0, "used_up": 0,
    }  # fmt: skip
    told = small.client.get("/api/v1/rates/capacity").get_json()
    assert told["withheld"]
    assert str(SECRET_LIMIT_KG) not in str(told)
    assert "limits" not in told
