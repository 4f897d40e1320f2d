"""What an owner has not published is banded or left out, at every address that reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from api_world import (
    SECRET_ASSAYS,
    SECRET_CRITERION,
    SECRET_LIMIT_KG,
    SECRET_LOAD_KG,
    SECRET_QUOTA_KG,
    SECRET_STOCK_KG,
    SECRET_WINDOW,
    SECRETS,
    World,
    world,
)
from databases import Databases
from openapi_document import operations

HIDDEN_OF_OUTPUTS = {
    "mass_t",
    "price_cny_per_t",
    "max_net_cost_cny_per_t",
    "max_distance_km",
    "min_lot_t",
    "plan_mass_t",
    "storage_since",
    "assays",
}


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[World]:
    with databases.new() as url, world(url) as made:
        yield made


def markers() -> set[str]:
    """Return the digits of every secret figure, without point or trailing zeros."""
    offered_kg = SECRET_WINDOW["permitted_kg"] - SECRET_WINDOW["received_kg"] - SECRET_WINDOW["committed_kg"]
    figures = [
        *SECRETS.values(),
        *SECRET_ASSAYS.values(),
        *SECRET_WINDOW.values(),
        *SECRET_CRITERION.values(),
        SECRET_LIMIT_KG,
        SECRET_QUOTA_KG,
        SECRET_STOCK_KG,
        SECRET_LOAD_KG,
        offered_kg,
    ]
    return {str(figure).rstrip("0") for figure in figures}


def numbers(text: str) -> set[str]:
    """Return every number of a text as bare digits, however it is written."""
    return {re.sub(r"\D", "", found).rstrip("0") for found in re.findall(r"\d[\d,.]*", text)}


def readable(served: World) -> Iterator[str]:
    """Yield every address of the API that can be read in this world."""
    for path, method, _ in operations(served.document()):
        if method == "get":
            yield served.address(path)


def test_no_secret_figure_appears_in_any_answer(served: World) -> None:
    asked = 0
    for address in readable(served):
        text = served.client.get(address).get_data(as_text=True)
        assert not markers() & numbers(text), address
        asked += 1
    assert asked >= 18


def test_the_search_for_secrets_would_find_one() -> None:
    assert markers() & numbers('{"mass_t": "4321.987"}')
    assert markers() & numbers("共 4,321.987 吨")
    assert markers() & numbers('{"mass_kg": 4321987}')


def test_an_unpublished_output_has_a_band_and_none_of_its_conditions(served: World) -> None:
    shown = served.client.get(served.address("/api/v1/outputs/{output_id}")).get_json()
    assert shown["mass_band"]["from_t"] == "1000"
    assert shown["mass_band"]["to_t"] == "10000"
    assert shown["mass_band"]["en"] == "1,000–10,000 t"
    assert not HIDDEN_OF_OUTPUTS & shown.keys()


def test_a_published_output_is_told_exactly(served: World) -> None:
    shown = served.client.get(served.address("/api/v1/outputs/{public_output_id}")).get_json()
    assert shown["mass_t"] == "1000"
    assert shown["price_cny_per_t"] == "-20"


def test_a_window_tells_its_offer_and_fee_only_when_published(served: World) -> None:
    hidden = served.client.get(served.address("/api/v1/windows/{window_id}")).get_json()
    shown = served.client.get(served.address("/api/v1/windows/{public_window_id}")).get_json()
    assert not {"offered_t", "permitted_t", "gate_fee_cny_per_t", "max_distance_km"} & hidden.keys()
    assert (shown["offered_t"], shown["gate_fee_cny_per_t"]) == ("500", "5")


def test_a_pair_tells_mass_and_money_only_when_both_sides_published(served: World) -> None:
    proposals = served.client.get(served.address("/api/v1/runs/{run_id}/proposals")).get_json()
    open_pair = (served.ids["public_output_id"], served.ids["public_window_id"])
    for proposal in proposals:
        told = {name for name in proposal if name == "mass_t" or name.endswith("_cny_per_t")}
        assert bool(told) == ((proposal["output"]["id"], proposal["window_id"]) == open_pair)
        assert proposal["mass_band"]


def test_only_published_windows_have_a_price(served: World) -> None:
    prices = served.client.get(served.address("/api/v1/runs/{run_id}/prices")).get_json()
    assert [price["window_id"] for price in prices] == [served.ids["public_window_id"]]


def test_a_reason_with_fewer_than_three_organisations_has_a_band_only(served: World) -> None:
    run = served.client.get(served.address("/api/v1/runs/{run_id}")).get_json()
    assert run["reasons"]
    for reason in run["reasons"]:
        assert reason["organisations"] < 3
        assert "mass_t" not in reason


def test_rates_of_two_sites_are_withheld(served: World) -> None:
    for rate in served.client.get("/api/v1/rates").get_json():
        assert rate["basis"] == "planned"
        assert rate["withheld"] is True
        assert not {"rate_percent", "generated_t", "utilised_t", "coverage_en"} & rate.keys()


def test_an_application_for_a_list_is_not_public(served: World) -> None:
    for status in ("listed", "suspended", "delisted", "expired"):
        text = served.client.get(f"/api/v1/whitelist?status={status}").get_data(as_text=True)
        assert "申请中的文件" not in text
    assert served.client.get("/api/v1/whitelist?status=under_review").status_code == 422


def test_a_quota_is_told_as_existing_and_not_how_large(served: World) -> None:
    (entry,) = served.client.get("/api/v1/whitelist").get_json()
    assert entry["has_quota"] is True


def test_answers_stay_out_of_shared_caches(served: World) -> None:
    assert served.client.get("/api/v1/outputs").headers["Cache-Control"] == "private, no-cache"
