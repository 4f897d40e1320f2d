"""Receipts, treatments and the generators' books through the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from api_world import World, world

MONTH = {
    "waste_code": "900-002-S02",
    "year": 2026,
    "month": 7,
    "generated_t": "100",
    "uses": [{"kind": "own_utilised", "operation": "R5", "mass_t": "27"}],
    "stored_t": "73",
}


@pytest.fixture
def served(database_url: str) -> Iterator[World]:
    with world(database_url, api_write=True) as made:
        yield made


def post(served: World, path: str, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
    answer = served.client.post(served.address(f"/api/v1{path}"), json=body)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return dict(answer.get_json())


def change(served: World, path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    address = served.address(f"/api/v1{path}")
    tag = served.client.get(address).headers["ETag"]
    answer = served.client.patch(address, json=body, headers={"If-Match": tag})
    assert answer.status_code == status, answer.get_data(as_text=True)
    return dict(answer.get_json())


def at_the_gate(served: World) -> None:
    person = {"person": "张三"}
    sender = {"signer": "sender", "organisation_id": served.ids["load_sender_id"]}
    carrier = {"signer": "carrier", "organisation_id": served.ids["load_carrier_id"], "carriage": 1}
    for signature in (sender, carrier):
        post(served, "/transfers/{load_id}/signatures", signature | person)
    change(served, "/transfers/{load_id}", {"act": "arrive"})


def test_a_load_is_weighed_then_accepted_in_part_then_treated(served: World) -> None:
    at_the_gate(served)
    weighed = {"lines": [{"number": 1, "received_t": "29.9"}]}
    (pending,) = post(served, "/transfers/{load_id}/receipts", weighed)["receipts"]
    assert (pending["verdict"], pending["received_t"]) == ("pending", "29.9")
    line = {"number": 1, "accepted_t": "25", "refused_t": "4.9", "reason": "含水率过高"}
    verdict = {"organisation_id": served.ids["plant_organisation_id"], "person": "李四", "lines": [line]}
    decided = post(served, "/transfers/{load_id}/verdicts", verdict)
    (receipt,) = decided["receipts"]
    assert (decided["status"], receipt["verdict"], receipt["settled_t"]) == (
        "partly_accepted",
        "partly_accepted",
        "25",
    )
    body = {
        "facility_id": served.ids["plant_id"],
        "operation": "C2",
        "day_from": "2026-09-02",
        "day_to": "2026-09-03",
        "inputs": [{"receipt_id": receipt["id"], "mass_t": "20"}],
        "results": [
            {"kind": "product", "mass_t": "18"},
            {"kind": "residue", "mass_t": "1.5", "waste_code": "900-099-S59"},
            {"kind": "loss", "mass_t": "0.5"},
        ],
    }
    made = post(served, "/treatments", body)
    assert (made["input_t"], [row["mass_t"] for row in made["results"]]) == ("20", ["18", "1.5", "0.5"])
    (left,) = served.client.get(served.address("/api/v1/transfers/{load_id}/receipts")).get_json()["receipts"]
    assert left["left_t"] == "5"
    problem = post(served, "/treatments", body, 422)
    assert problem["type"].endswith(":more_than_remains")


def test_a_month_is_written_closed_and_reversed(served: World) -> None:
    made = post(served, "/ledger-months", MONTH | {"site_id": served.ids["site_id"], "stored_t": "70"})
    assert made["balance"]["difference_t"] == "-3"
    path = f"/ledger-months/{made['id']}"
    assert change(served, path, {"act": "close"}, 422)["type"].endswith(":unbalanced_month")
    again = post(served, "/ledger-months", MONTH | {"site_id": served.ids["site_id"]})
    assert (again["id"], again["balance"]["difference_t"]) == (made["id"], "0")
    assert change(served, path, {"act": "close"})["status"] == "closed"
    assert change(served, path, {"act": "reverse", "reason": "录入错误"})["status"] == "reversed"
    listed = served.client.get("/api/v1/ledger-months?year=2026&status=reversed").get_json()
    assert [month["id"] for month in listed] == [made["id"]]


def test_a_month_is_carried_from_what_the_platform_knows(served: World) -> None:
    """The month that somebody typed is dropped; what the ledger knows is carried instead."""
    typed = served.client.get(served.address("/api/v1/ledger-months/{month_id}")).get_json()
    key = {name: typed[name] for name in ("site_id", "waste_code", "year", "month")}
    assert post(served, "/ledger-months/carried", key, 422)["type"].endswith(":month_written")
    change(served, f"/ledger-months/{typed['id']}", {"act": "discard"})
    made = post(served, "/ledger-months/carried", key)
    assert (made["source"], made["status"], made["uses"]) == ("carried", "open", [])
    # The loads of that month took old stock, so nothing was booked as generated; what they left is stored.
    assert made["generated_t"] == made["balance"]["booked_t"] == "0"
    assert made["stored_t"] == made["balance"]["closing_t"] != typed["stored_t"]
    assert made["balance"]["difference_t"] == "0"


def test_stock_is_opened_by_survey(served: World) -> None:
    body = {"waste_code": "900-002-S02", "vintage": 2025, "surveyed_on": "2025-12-31", "mass_t": "40.5"}
    made = post(served, "/stock-surveys", body | {"site_id": served.ids["site_id"], "method": "测量"})
    assert made["mass_t"] == "40.5"


def test_without_the_trial_nobody_reads_the_figures_of_others(database_url: str) -> None:
    with world(database_url) as served:
        month = served.client.get(served.address("/api/v1/ledger-months/{month_id}")).get_json()
        assert month["generated_band"]["from_t"] == "1000"
        assert not month.keys() & {"site_id", "generated_t", "uses", "balance", "stored_t"}
        treatment = served.client.get(served.address("/api/v1/treatments/{treatment_id}")).get_json()
        assert "input_t" not in treatment
        assert served.client.post("/api/v1/ledger-months", json=MONTH).status_code == 403
