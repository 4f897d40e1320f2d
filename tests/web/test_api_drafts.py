"""Drafts, sites and yearly generation through the API; lots changed and windows withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from api_world import World, world
from databases import Databases


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[World]:
    with databases.new() as url, world(url, api_write=True) as made:
        yield made


def own(served: World, rest: str) -> str:
    return served.address("/api/v1/organisations/{organisation_id}" + rest)


def lot(served: World, **changes: Any) -> dict[str, Any]:
    return {"site_id": served.ids["site_id"], "waste_code": "900-001-S02", "mass_t": "12.345"} | changes


def changed(served: World, address: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    tag = served.client.get(address).headers["ETag"]
    answer = served.client.patch(address, json=body, headers={"If-Match": tag})
    assert answer.status_code == status, answer.get_data(as_text=True)
    return dict(answer.get_json())


def test_a_draft_is_kept_changed_and_posted_and_nobody_finds_it_before(served: World) -> None:
    answer = served.client.post(own(served, "/drafts"), json=lot(served, storage_since="2026-08-01"))
    assert answer.status_code == 201, answer.get_data(as_text=True)
    address, made = answer.headers["Location"], answer.get_json()
    assert (made["mass_t"], made["storage_since"]) == ("12.345", "2026-08-01")
    assert served.client.get(f"/api/v1/outputs/{made['id']}").status_code == 404
    assert made["id"] in {row["id"] for row in served.client.get(own(served, "/drafts")).get_json()}
    assert changed(served, address, {"mass_t": "13", "storage_since": None})["mass_t"] == "13"
    assert served.client.get(f"{address}/recommendations").get_json()
    posted = served.client.post(f"{address}/posting", json={})
    assert (posted.status_code, posted.get_json()["mass_t"]) == (201, "13")
    assert served.client.get(posted.headers["Location"]).status_code == 200
    assert served.client.get(address).status_code == 404


def test_a_draft_is_thrown_away(served: World) -> None:
    address = served.client.post(own(served, "/drafts"), json=lot(served)).headers["Location"]
    changed(served, address, {"discarded": True})
    assert served.client.get(address).status_code == 404


def test_no_draft_that_could_not_be_posted_is_kept(served: World) -> None:
    answer = served.client.post(own(served, "/drafts"), json=lot(served, waste_code="nothing"))
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["column"] == "waste_code"


def test_terms_of_a_lot_change_and_what_is_left_out_stays(served: World) -> None:
    made = served.client.post("/api/v1/outputs", json=lot(served, price_cny_per_t=5, visibility="public"))
    address = made.headers["Location"]
    after = changed(served, address, {"mass_t": "20", "price_cny_per_t": None, "assays": {"cl_pct": "0.1"}})
    assert (after["mass_t"], after.get("price_cny_per_t"), after["assays"]) == ("20", None, {"cl_pct": "0.1"})
    assert after["visibility"] == "public"
    assert changed(served, address, {"mass_t": "0"}, 422)["errors"][0]["column"] == "mass_t"
    changed(served, address, {"withdrawn": True})
    assert changed(served, address, {"mass_t": "30"}, 422)["type"].endswith("withdrawn")


def test_a_window_is_withdrawn_only_in_the_state_in_which_it_was_read(served: World) -> None:
    address = served.address("/api/v1/windows/{public_window_id}")
    stale = served.client.patch(address, json={"withdrawn": True}, headers={"If-Match": "x"})
    assert stale.status_code == 412
    assert changed(served, address, {"withdrawn": True})["withdrawn_at"]


def test_a_site_is_added_and_its_year_declared(served: World) -> None:
    body = {"name_zh": "二厂", "region_code": "310000", "lat": "31.3", "lon": "121.5"}
    made = served.client.post(own(served, "/sites"), json=body)
    assert (made.status_code, made.get_json()["lat"]) == (201, 31.3)
    address = f"{made.headers['Location']}/declarations"
    year = {"waste_code": "900-001-S02", "year": 2025, "generated_t": "10"}
    assert served.client.post(address, json=year | {"own_utilised_t": "11"}).status_code == 422
    for tonnes in ("4", "3"):
        assert served.client.post(address, json=year | {"own_utilised_t": tonnes}).status_code == 201
    found = served.client.get(own(served, "/declarations?year=2025")).get_json()
    assert [row["own_utilised_t"] for row in found] == ["3"]
    swapped = served.client.post(own(served, "/sites"), json=body | {"lat": "121.5", "lon": "31.3"})
    assert swapped.get_json()["errors"][0]["rule"] == "swapped_coordinates"
