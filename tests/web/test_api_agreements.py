"""Deals through the API: two sides agree step by step, and strangers see neither price nor name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from api_world import World, world
from registry import AT, FLY_ASH

import web.api.agreement_answers as answers
import web.api.agreements as view

TERMS = {"mass_t": "60.5", "valid_from": "2026-09-01", "valid_to": "2026-12-31"}
FIXED = {"kind": "fixed", "cny_per_t": "-12.5"}


@pytest.fixture
def trial(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A server opened for a trial, on the day of the registry."""
    monkeypatch.setattr(view, "now", lambda: AT)
    monkeypatch.setattr(answers, "today", AT.date)
    with world(database_url, api_write=True) as made:
        yield made


def terms(price: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return TERMS | {"price": price or FIXED} | changes


def offer(served: World, **changes: Any) -> dict[str, Any]:
    """A direct deal offered by the generator, as sent."""
    return {
        "side": "generator",
        "site_id": served.ids["site_id"],
        "line_id": served.ids["line_id"],
        "waste_code": FLY_ASH,
        "operation": "C2",
        "terms": terms(),
    } | changes


def post(served: World, path: str, body: dict[str, Any], status: int = 201, **headers: str) -> dict[str, Any]:
    answer = served.client.post(f"/api/v1{path}", json=body, headers=headers)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return dict(answer.get_json())


def step(served: World, address: str, status: int = 200, **body: Any) -> dict[str, Any]:
    tag = served.client.get(f"/api/v1{address}").headers["ETag"]
    answer = served.client.patch(f"/api/v1{address}", json=body, headers={"If-Match": tag})
    assert answer.status_code == status, answer.get_data(as_text=True)
    return dict(answer.get_json())


def test_two_sides_come_to_a_deal_and_end_it_together(trial: World) -> None:
    made = post(trial, "/agreements", offer(trial))
    address = f"/agreements/{made['id']}"
    assert (made["status"], made["mass_t"], made["source"]) == ("offered_by_generator", "60.5", "direct")
    assert made["offers"][0]["price"] == FIXED
    countered = post(trial, f"{address}/offers", {"side": "facility", "terms": terms(mass_t="50")})
    assert (countered["status"], len(countered["offers"])) == ("offered_by_facility", 2)
    accepted = step(trial, address, act="accept", side="generator")
    assert (accepted["status"], accepted["expires_at"]) == (
        "accepted_by_generator",
        "2026-09-04T02:00:00+00:00",
    )
    agreed = step(trial, address, act="confirm", side="facility")
    assert (agreed["status"], agreed["mass_t"], agreed["shipped_t"]) == ("agreed", "50", "0")
    assert step(trial, address, 422, act="end", side="facility")["type"].endswith("no_consent")
    assert step(trial, address, act="ask_to_end", side="generator")["end_asked_by"] == ["generator"]
    assert step(trial, address, act="end", side="facility")["status"] == "ended"


@pytest.mark.parametrize(
    "price",
    [
        {
            "kind": "stepped",
            "steps": [{"from_t": "0", "cny_per_t": "10"}, {"from_t": "100", "cny_per_t": "8"}],
        },
        {
            "kind": "formula",
            "formula": "20 × (0.4 + 0.6 × 螺纹钢 / 3000)",
            "base_cny_per_t": "20",
            "index": "螺纹钢",
            "reference": 3000,
            "share_permille": 600,
        },
    ],
    ids=["stepped", "by formula"],
)
def test_a_price_is_echoed_as_it_was_sent(trial: World, price: dict[str, Any]) -> None:
    made = post(trial, "/agreements", offer(trial, terms=terms(price)))
    assert made["offers"][0]["price"] == price


def test_a_field_that_its_price_does_not_know_is_refused(trial: World) -> None:
    wrong = offer(trial, terms=terms({"kind": "fixed", "index": "螺纹钢"}))
    assert [e["column"] for e in post(trial, "/agreements", wrong, 422)["errors"]] == ["price.index"]


def test_a_contract_made_outside_needs_both_sides_too(trial: World) -> None:
    made = post(trial, "/agreements", offer(trial, document="HT-2026-17"))
    assert (made["source"], made["document"], made["status"]) == (
        "imported",
        "HT-2026-17",
        "offered_by_generator",
    )


def test_the_same_offer_under_one_key_is_made_once(trial: World) -> None:
    made = [post(trial, "/agreements", offer(trial), **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert made[0] == made[1]


def test_a_proposal_is_accepted_as_it_is_or_declined(trial: World) -> None:
    address = f"/proposals/{trial.ids['proposal_id']}"
    made = post(trial, f"{address}/agreements", {"side": "facility"})
    assert (made["status"], made["source"]) == ("accepted_by_facility", "proposal")
    assert trial.client.get(f"/api/v1{address}").get_json()["status"] == "countered"
    assert step(trial, address, 422, act="decline", side="generator")["type"].endswith("deal_under_way")
    step(trial, f"/agreements/{made['id']}", act="decline", side="generator")
    assert trial.client.get(f"/api/v1{address}").get_json()["status"] == "declined"


def test_a_step_on_a_state_that_has_changed_is_stale(trial: World) -> None:
    made = post(trial, "/agreements", offer(trial))
    address = f"/api/v1/agreements/{made['id']}"
    tag = trial.client.get(address).headers["ETag"]
    body = {"act": "accept", "side": "facility"}
    answers = [trial.client.patch(address, json=body, headers={"If-Match": tag}) for _ in range(2)]
    assert answers[0].status_code == 200
    assert answers[1].status_code in (409, 412)


def test_a_plant_suspended_since_is_refused_with_its_rule(trial: World) -> None:
    wrong = offer(trial, waste_code="398-007-34")
    problem = post(trial, "/agreements", wrong, 422)
    assert problem["type"].endswith("unlawful")
    assert "waste_code" in [found["rule"] for found in problem["facts"]["rules"]]


def test_procedures_are_filed_and_noted(trial: World) -> None:
    address = f"/agreements/{post(trial, '/agreements', offer(trial))['id']}"
    step(trial, address, act="accept", side="facility")
    assert step(trial, address, act="confirm", side="generator")["missing"] == ["assay"]
    filed = {"kind": "assay", "filed_on": "2026-09-01"}
    made = post(trial, f"{address}/procedures", filed)
    assert [row["expected_on"] for row in made["procedures"]] == ["2026-09-15"]
    noted = {"kind": "assay", "granted_on": "2026-09-01", "document": "检测报告 7"}
    made = post(trial, f"{address}/procedures", noted)
    assert made["missing"] == []
    assert [row["document"] for row in made["procedures"]] == ["检测报告 7"]
    assert post(trial, f"{address}/procedures", {"kind": "assay"}, 422)["errors"][0]["column"] == "filed_on"


def test_strangers_see_neither_names_nor_prices_nor_masses(database_url: str) -> None:
    with world(database_url) as closed:
        shown = closed.client.get(closed.address("/api/v1/agreements/{agreement_id}")).get_json()
        assert not shown.keys() & {"mass_t", "offers", "generator", "receiver", "document", "procedures"}
        assert shown["mass_band"]["zh"]
        refused = closed.client.post("/api/v1/agreements", json=offer(closed))
        assert refused.status_code == 403
