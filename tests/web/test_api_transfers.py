"""Transfers through the API: drafted, signed once, moved step by step, and nobody named without need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from api_world import World, world
from registry import AT, FLY_ASH
from sqlalchemy import update
from sqlalchemy.orm import object_session

import web.api.transfers as view
from circularity.custody.manifests import Transfer


@pytest.fixture
def trial(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A server opened for a trial, on the day of the registry."""
    monkeypatch.setattr(view, "now", lambda: AT)
    with world(database_url, api_write=True) as made:
        yield made


def draft(served: World, **changes: Any) -> dict[str, Any]:
    """Thirty tonnes of fly ash on one vehicle, as sent."""
    return {
        "agreement_id": served.ids["agreement_id"],
        "lines": [{"waste_code": FLY_ASH, "operation": "C2", "sent_t": "30"}],
        "carriers": [{"organisation_id": served.ids["load_carrier_id"], "vehicle": "沪A12345"}],
        "conveyance": "vehicle",
        "day": "2026-09-01",
    } | changes


def post(served: World, path: str, body: dict[str, Any], status: int = 201, **headers: str) -> dict[str, Any]:
    answer = served.client.post(f"/api/v1{path}", json=body, headers=headers)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return dict(answer.get_json())


def step(served: World, transfer_id: str, status: int = 200, **body: Any) -> dict[str, Any]:
    address = f"/api/v1/transfers/{transfer_id}"
    tag = served.client.get(address).headers["ETag"]
    answer = served.client.patch(address, json=body, headers={"If-Match": tag})
    assert answer.status_code == status, answer.get_data(as_text=True)
    return dict(answer.get_json())


def test_a_trip_is_drafted_signed_picked_up_and_arrives(trial: World) -> None:
    made = post(trial, "/transfers", draft(trial))
    assert (made["status"], made["lines"][0]["sent_t"]) == ("draft", "30")
    signing = f"/transfers/{made['id']}/signatures"
    sender = {"signer": "sender", "organisation_id": trial.ids["load_sender_id"], "person": "张三"}
    for _ in range(2):
        signed = post(trial, signing, sender, **{"Idempotency-Key": "one"})
    assert (signed["status"], len(signed["signatures"])) == ("submitted", 1)
    carrier = {
        "signer": "carrier",
        "organisation_id": trial.ids["load_carrier_id"],
        "person": "王五",
        "carriage": 1,
    }
    post(trial, signing, carrier)
    assert step(trial, made["id"], act="arrive")["status"] == "arrived"
    refused = step(trial, made["id"], 422, act="close")
    assert refused["type"].endswith("illegal_step")


def test_nobody_signs_for_another_organisation(trial: World) -> None:
    made = post(trial, "/transfers", draft(trial))
    body = {"signer": "sender", "organisation_id": trial.ids["load_carrier_id"], "person": "张三"}
    post(trial, f"/transfers/{made['id']}/signatures", body, 403)


def test_a_draft_is_cancelled_with_a_reason_only(trial: World) -> None:
    made = post(trial, "/transfers", draft(trial))
    step(trial, made["id"], 422, act="cancel")
    step(trial, made["id"], 422)
    assert step(trial, made["id"], act="cancel", reason="改期")["status"] == "cancelled"


def redraft(served: World, transfer_id: str, status: int = 200, tag: str = "", **body: Any) -> dict[str, Any]:
    address = f"/api/v1/transfers/{transfer_id}"
    tag = tag or served.client.get(address).headers["ETag"]
    answer = served.client.patch(f"{address}/draft", json=body, headers={"If-Match": tag})
    assert answer.status_code == status, answer.get_data(as_text=True)
    return dict(answer.get_json())


def test_a_draft_is_changed_in_part_by_who_has_seen_it_and_no_more_once_signed(trial: World) -> None:
    made = post(trial, "/transfers", draft(trial))
    opened = trial.client.get(f"/api/v1/transfers/{made['id']}").headers["ETag"]
    lines = [{"waste_code": FLY_ASH, "operation": "C2", "sent_t": "28.5", "packaging": "散装"}]
    changed = redraft(trial, made["id"], lines=lines, vehicle="沪B2", day="2026-09-02")
    assert (changed["lines"][0]["sent_t"], changed["vehicle"]) == ("28.5", "沪B2")
    assert (changed["day_from"], changed["day_to"]) == ("2026-09-02", "2026-09-02")
    assert (changed["version"], changed["conveyance"]) == (made["version"] + 1, "vehicle")
    redraft(trial, made["id"], 412, tag=opened, vehicle="沪C3")
    carriers = [{"organisation_id": trial.ids["load_carrier_id"], "vehicle": "沪D4"}]
    redraft(trial, made["id"], carriers=carriers, metering="sheet", day_to="2026-09-05")
    one_day = redraft(trial, made["id"], metering="trip", day_to=None)
    assert (one_day["metering"], one_day["day_to"]) == ("trip", "2026-09-02")
    sender = {"signer": "sender", "organisation_id": trial.ids["load_sender_id"], "person": "张三"}
    signed = post(trial, f"/transfers/{made['id']}/signatures", sender)
    assert (signed["status"], signed["lines"][0]["sent_t"]) == ("submitted", "28.5")
    assert redraft(trial, made["id"], 422, vehicle="沪E5")["type"].endswith("illegal_step")


def test_a_draft_that_somebody_changes_meanwhile_is_a_conflict(
    trial: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the check of the tag and the change, another request got through."""
    made = post(trial, "/transfers", draft(trial))
    as_it_is = view.draft_of

    def overtaken(transfer: Any) -> Any:
        session = object_session(transfer)
        assert session is not None
        session.execute(update(Transfer).where(Transfer.id == transfer.id).values(version=99))
        return as_it_is(transfer)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(view, "draft_of", overtaken)
        refused = redraft(trial, made["id"], 409, vehicle="沪B2")
    assert refused["type"].endswith("stale")
    assert redraft(trial, made["id"], vehicle="沪B2")["vehicle"] == "沪B2"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"lines": []}, {"lines"}),
        ({"carriers": []}, {"carriers"}),
        ({"day_to": "2026-09-03"}, {"day_to"}),
        ({"agreement_id": "0" * 32}, {"agreement_id"}),
        ({"official_number": "123"}, {"official_number"}),
        ({"number": "1"}, {"number"}),
    ],
)
def test_what_a_draft_cannot_say_is_refused_with_its_field(
    trial: World, body: dict[str, Any], fields: set[str]
) -> None:
    made = post(trial, "/transfers", draft(trial))
    errors = redraft(trial, made["id"], 422, **body)["errors"]
    assert {str(error["column"]).partition(".")[0] for error in errors} == fields


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "closed"},
        {"lines": []},
        {"lines": [{"waste_code": FLY_ASH, "operation": "C2", "sent_t": "30.0001"}]},
        {"agreement_id": "0" * 32},
        {"metering": "guess"},
        {"day": "tomorrow"},
    ],
)
def test_what_cannot_be_drafted_is_refused_with_its_field(trial: World, changes: dict[str, Any]) -> None:
    assert post(trial, "/transfers", draft(trial, **changes), 422)["errors"]


def test_where_writing_is_closed_nothing_is_drafted_and_no_party_or_weight_is_told(database_url: str) -> None:
    with world(database_url) as closed:
        post(closed, "/transfers", draft(closed), 403)
        shown = closed.client.get(closed.address("/api/v1/transfers/{transfer_id}")).get_json()
        assert not shown.keys() & {"sender", "receiver", "vehicle", "signatures", "agreement_id"}
        assert not shown["lines"][0].keys() & {"sent_t", "sent_moisture_permille", "packaging"}
        listed = closed.client.get("/api/v1/transfers?status=draft").get_json()
        assert [row["id"] for row in listed] == [closed.ids["load_id"]]
