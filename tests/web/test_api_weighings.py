"""Weighings through the API: tickets, meters and draught surveys, once each, by the side whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from api_world import World, world
from registry import AT, FLY_ASH

import web.api.corrections as corrections_view
import web.api.receipts as receipts_view
import web.api.transfers as transfers_view
import web.api.weighings as view
from circularity.policy.acting import Acting
from web.api import blueprint
from web.permission_check import ASKING

TICKET = {
    "plate": "沪A1",
    "weighed_at": "2026-09-01T09:00:00+08:00",
    "gross_t": "49.86",
    "tare_t": "16.2",
}
BELT = {
    "side": "sender",
    "kind": "conveyor",
    "meter": "BW-1",
    "read_at": "2026-09-01T18:00:00+08:00",
    "figures": {"counter_before_t": 1000, "counter_after_t": 1058},
}
BARGE = {
    "side": "sender",
    "kind": "draught",
    "meter": "皖货0001",
    "read_at": "2026-09-01T18:00:00+08:00",
    "mass_t": "812.4",
    "figures": {"draught_before_mm": 1450, "draught_after_mm": 2380, "water_kg_per_m3": 998},
}


@pytest.fixture
def trial(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A server opened for a trial, on the day of the registry."""
    for module in (view, transfers_view, receipts_view, corrections_view):
        monkeypatch.setattr(module, "now", lambda: AT)
    with world(database_url, api_write=True) as made:
        yield made


def post(served: World, path: str, body: dict[str, Any], status: int = 201, **headers: str) -> dict[str, Any]:
    answer = served.client.post(f"/api/v1{path}", json=body, headers=headers)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return dict(answer.get_json())


def drafted(served: World, metering: str, conveyance: str = "vehicle") -> str:
    """A day's sheet of fly ash without carriers, as its address."""
    body = {
        "agreement_id": served.ids["agreement_id"],
        "lines": [{"waste_code": FLY_ASH, "operation": "C2", "sent_t": "30"}],
        "conveyance": conveyance,
        "metering": metering,
        "day": "2026-09-01",
    }
    return f"/transfers/{post(served, '/transfers', body)['id']}"


def listed(served: World, path: str) -> list[dict[str, Any]]:
    answer = served.client.get(f"/api/v1/organisations/{served.ids['organisation_id']}{path}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return list(answer.get_json())


def rules(answer: dict[str, Any]) -> set[tuple[str, str]]:
    return {(error["column"], error["rule"]) for error in answer["errors"]}


def test_tickets_come_in_once_and_those_that_cannot_are_told(trial: World) -> None:
    sheet = drafted(trial, "sheet")
    rows = [TICKET | {"ticket_no": "1"}, TICKET | {"ticket_no": "2", "gross_t": "16.2"}]
    done = post(trial, f"{sheet}/tickets", {"side": "sender", "tickets": rows})
    assert (done["added"], [problem["row"] for problem in done["problems"]]) == (1, [2])
    assert post(trial, f"{sheet}/tickets", {"side": "sender", "tickets": rows[:1]})["ignored"] == 1
    (ticket,) = listed(trial, f"{sheet}/tickets?side=sender&line=1")
    assert (ticket["ticket_no"], ticket["net_t"]) == ("1", "33.66")
    assert listed(trial, f"{sheet}/tickets?side=receiver") == []


def test_what_a_counter_moved_by_is_the_mass_of_the_sheet(trial: World) -> None:
    belt = drafted(trial, "conveyor", "conveyor")
    assert post(trial, f"{belt}/readings", BELT)["added"]
    assert not post(trial, f"{belt}/readings", BELT)["added"]
    (reading,) = listed(trial, f"{belt}/readings")
    assert (reading["mass_t"], reading["figures"]) == ("58", BELT["figures"])
    signed = {"signer": "sender", "organisation_id": trial.ids["load_sender_id"], "person": "张三"}
    assert post(trial, f"{belt}/signatures", signed)["lines"][0]["sent_t"] == "58"
    late = BELT | {"read_at": "2026-09-01T19:00:00+08:00"}
    assert post(trial, f"{belt}/readings", late, 422)["type"].endswith(":already_signed")


def test_a_reading_sent_again_under_one_key_is_one_reading(trial: World) -> None:
    barge = drafted(trial, "draught", "barge")
    for _ in range(2):
        assert post(trial, f"{barge}/readings", BARGE, **{"Idempotency-Key": "survey"})["added"]
    other = BARGE | {"mass_t": "813"}
    assert post(trial, f"{barge}/readings", other, 422, **{"Idempotency-Key": "survey"})["type"].endswith(
        ":key_reused"
    )
    assert post(trial, f"{barge}/readings", other, 422)["type"].endswith(":other_reading")
    (survey,) = listed(trial, f"{barge}/readings")
    assert (survey["mass_t"], survey["figures"]) == ("812.4", BARGE["figures"])


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"figures": {}}, ("mass_kg", "empty")),
        (
            {"figures": {"counter_before_t": 1058, "counter_after_t": 1000}},
            ("counter_after_t", "not_forward"),
        ),
        ({"figures": {"counter_before_t": 1058}}, ("counter_after_t", "not_a_number")),
        ({"mass_t": "60"}, ("counter_after_t", "counter_differs")),
        ({"figures": {"draught_before_mm": 1}}, ("draught_before_mm", "unknown_figure")),
        ({"read_at": "2026-09-03T09:00:00+08:00"}, ("read_at", "outside_period")),
        ({"meter": " "}, ("meter", "empty")),
        ({"kind": "guess"}, ("kind", "unknown_word")),
        ({"read_at": "2026-09-01T09:00:00"}, ("read_at", "invalid")),
        ({"mass_t": "58.0001"}, ("mass_t", "too_precise")),
        ({"figures": {"counter_before_t": 1.5}}, ("figures.counter_before_t", "not_a_number")),
    ],
)
def test_what_no_meter_shows_is_refused_with_its_field_and_nothing_is_kept(
    trial: World, changes: dict[str, Any], found: tuple[str, str]
) -> None:
    belt = drafted(trial, "conveyor", "conveyor")
    assert found in rules(post(trial, f"{belt}/readings", BELT | changes, 422))
    assert listed(trial, f"{belt}/readings") == []


def test_each_side_says_whose_weight_it_is_and_adds_its_own_alone(
    trial: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    belt = drafted(trial, "conveyor", "conveyor")
    plant = Acting(
        user_public_id="u" * 32,
        organisation_public_id=trial.ids["plant_organisation_id"],
        roles=frozenset({"facility"}),
        membership="operator",
        verified=True,
    )
    monkeypatch.setattr(blueprint, "refuse_unless_writable", lambda: None)
    trial.app.extensions[ASKING] = lambda: plant
    unsaid = {name: value for name, value in BELT.items() if name != "side"}
    assert ("side", "missing") in rules(post(trial, f"{belt}/readings", unsaid, 422))
    ticket = {"tickets": [TICKET | {"ticket_no": "1"}]}
    assert ("side", "missing") in rules(post(trial, f"{belt}/tickets", ticket, 422))
    assert post(trial, f"{belt}/readings", BELT, 403)["type"].endswith(":not_a_party")
    assert post(trial, f"{belt}/tickets", ticket | {"side": "sender"}, 403)["type"].endswith(":not_a_party")
    assert post(trial, f"{belt}/readings", BELT | {"side": "receiver"})["added"]
    cleared = f"{belt}/weighing-clearings"
    assert post(trial, cleared, {"side": "sender"}, 403)["type"].endswith(":not_a_party")
    assert post(trial, cleared, {"side": "receiver"})["dropped"] == 1


def test_a_wrong_file_is_taken_out_again_until_its_side_has_signed(trial: World) -> None:
    sheet = drafted(trial, "sheet")
    tickets = {"side": "sender", "tickets": [TICKET | {"ticket_no": "1"}, TICKET | {"ticket_no": "2"}]}
    assert post(trial, f"{sheet}/tickets", tickets)["added"] == 2
    assert post(trial, f"{sheet}/weighing-clearings", {"side": "sender"})["dropped"] == 2
    assert post(trial, f"{sheet}/tickets", tickets)["added"] == 2, "they are known no longer"
    signed = {"organisation_id": trial.ids["load_sender_id"], "person": "张三", "signer": "sender"}
    post(trial, f"{sheet}/signatures", signed)
    refused = post(trial, f"{sheet}/weighing-clearings", {"side": "sender"}, 422)
    assert refused["type"].endswith(":already_signed")


def accepted_sheet(served: World) -> str:
    """One ticket of 33.66 t on either side, signed by both; the address of the sheet."""
    sheet = drafted(served, "sheet")
    for side, organisation in (("sender", "load_sender_id"), ("receiver", "plant_organisation_id")):
        ticket = TICKET | {"ticket_no": side}
        post(served, f"{sheet}/tickets", {"side": side, "tickets": [ticket]})
        signs = {"organisation_id": served.ids[organisation], "person": "张三"}
        if side == "sender":
            post(served, f"{sheet}/signatures", signs | {"signer": side})
    post(served, f"{sheet}/receipts", {"lines": [{"number": 1}]})
    post(served, f"{sheet}/verdicts", signs | {"lines": [{"number": 1, "accepted_t": "33.66"}]})
    return sheet


def test_a_ticket_is_put_right_through_the_api_and_the_sum_follows(trial: World) -> None:
    sheet = accepted_sheet(trial)
    own = f"/organisations/{trial.ids['load_sender_id']}"
    total = {"reason": "误读", "changes": [{"field": "lines.1.sent_t", "value": "33"}]}
    assert ("lines.1.sent_kg", "not_as_ticketed") in rules(
        post(trial, f"{own}{sheet}/corrections", total, 422)
    )
    named = {"thing": "ticket", "side": "sender", "name": "sender", "at": TICKET["weighed_at"]}
    right = {"reason": "皮重误读", "weighings": [named | {"act": "change", "tare_t": "17"}]}
    made = post(trial, f"{own}{sheet}/corrections", right)
    assert made["changes"] == [{"field": "lines.1.sent_t", "before": "33.66", "after": "32.86"}]
    (put_right,) = made["weighings"]
    assert (put_right["before"]["mass_t"], put_right["after"]["tare_t"]) == ("33.66", "17")
    address = f"/api/v1/organisations/{trial.ids['plant_organisation_id']}/corrections/{made['id']}"
    tag = trial.client.get(address).headers["ETag"]
    agreed = trial.client.patch(address, json={"act": "agree"}, headers={"If-Match": tag})
    assert agreed.get_json()["status"] == "approved"
    assert trial.client.get(f"/api/v1{sheet}").get_json()["lines"][0]["sent_t"] == "32.86"
    assert listed(trial, f"{sheet}/tickets?side=sender")[0]["net_t"] == "32.86"


def test_what_cannot_be_put_right_is_told_with_its_place_in_the_body(trial: World) -> None:
    sheet = accepted_sheet(trial)
    named = {"thing": "ticket", "side": "sender", "name": "sender", "at": TICKET["weighed_at"]}
    wanted = [
        named | {"act": "change", "tare_t": "60"},
        named | {"act": "void", "name": "nobody's"},
        named | {"act": "add", "name": "new", "mass_t": "3"},
    ]
    body = {"reason": "误读", "weighings": wanted}
    path = f"/organisations/{trial.ids['load_sender_id']}{sheet}/corrections"
    assert rules(post(trial, path, body, 422)) == {
        ("weighings.0.gross_kg", "no_net"),
        ("weighings.1.name", "unknown_weighing"),
        ("weighings.2.mass_kg", "unknown_field"),
    }
