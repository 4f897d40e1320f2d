"""Sites and yearly generation on the desk; and what an organisation that nobody verified yet may do there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from auth_world import WORKS, AuthWorld, auth_world, text_of
from desk_world import BRICKS, POWER, Desk, desk
from registry import ACTOR, AT
from sqlalchemy import select

from circularity.accounts.standings import settle
from circularity.database import writing
from circularity.organisations import Organisation
from circularity.registry.drafts import OutputDraft
from circularity.registry.outputs import Output

SITE = {"name_zh": "二厂", "region_code": "310000", "lat": "31.3", "lon": "121.5", "datum": "wgs84"}


@pytest.fixture
def at_work(database_url: str) -> Iterator[Desk]:
    with desk(database_url) as made:
        yield made


def test_a_site_is_added_where_its_coordinates_are(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    at_work.press("/desk/sites", **SITE)
    assert "31.30000, 121.50000" in at_work.see("/desk/sites")
    assert "二厂" in at_work.see("/desk/outputs/new", lang="zh")
    at_work.act_as(BRICKS, "facility")
    assert "31.30000" not in at_work.see("/desk/sites")


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"lat": "121.5", "lon": "31.3"}, "lat"),
        ({"lat": "0", "lon": "0"}, "lat"),
        ({"lat": "north"}, "lat"),
        ({"name_zh": ""}, "name_zh"),
        ({"region_code": "99"}, "region_code"),
    ],
)
def test_a_site_that_cannot_be_is_refused_at_its_field(
    at_work: Desk, typed: dict[str, str], field: str
) -> None:
    at_work.act_as(POWER, "generator")
    assert f'id="site-{field}-problem"' in at_work.refused("/desk/sites", **(SITE | typed))


def test_a_years_generation_is_declared_and_declared_anew(at_work: Desk) -> None:
    at_work.act_as(POWER, "generator")
    found = re.search(r'<option value="(\w{32})"', at_work.client.get("/desk/sites").text)
    assert found
    facts = {"site": found[1], "waste_code": "900-001-S02", "year": "2025"}
    at_work.press("/desk/generation", **facts, generated_t="1000", own_utilised_t="300", own_disposed_t="50")
    assert "1,000 300 50 0 650" in at_work.see("/desk/sites?year=2025")
    at_work.press("/desk/generation", **facts, generated_t="900")
    assert "900 0 0 0 900" in at_work.see("/desk/sites?year=2025")
    page = at_work.refused("/desk/generation", **facts, generated_t="10", own_utilised_t="11")
    assert 'id="generation-generated_t-problem"' in page


def test_who_is_not_verified_drafts_and_sees_outlets_and_posts_nothing_until_it_is(
    database_url: str, tmp_path: Path
) -> None:
    with auth_world(database_url, tmp_path) as world:
        _decide(world, verified=False)
        browser = world.signed_in(WORKS)
        assert browser.post("/desk/sites", data=SITE).status_code == 303
        form = unescape(text_of(browser.get("/desk/outputs/new")))
        site = re.search(r'<option value="(\w{32})"', form)
        assert site
        assert "the authority has not verified the organisation yet" in form
        typed = {"site": site[1], "waste_code": "900-001-S02", "mass_t": "5", "status": "waste"}
        typed |= {"visibility": "parties"}
        assert browser.post("/desk/outputs/new", data=typed).status_code == 403
        address = browser.post("/desk/outputs/drafts/new", data=typed).headers["Location"]
        assert "Where it could go" in text_of(browser.get(address))
        assert browser.post(f"{address}/posting").status_code == 403
        assert _rows(world) == (0, 1)
        _decide(world, verified=True)
        assert browser.post(f"{address}/posting").status_code == 303
        assert _rows(world) == (1, 0)


def _decide(world: AuthWorld, *, verified: bool) -> None:
    with writing(world.engine).begin() as session:
        works = session.scalars(select(Organisation).where(Organisation.name_en == "Works 1")).one()
        facts: dict[str, Any] = {"verified": verified, "reason": "材料不全", "by": "test"}
        settle(session, actor=ACTOR, at=AT, organisation=works, **facts)


def _rows(world: AuthWorld) -> tuple[int, int]:
    """Return how many lots and how many drafts there are."""
    with writing(world.engine)() as session:
        return len(session.scalars(select(Output)).all()), len(session.scalars(select(OutputDraft)).all())
