"""A party's own custody through the API: corrections, refused loads, stored loads, what is overdue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from api_world import World, world
from databases import Databases
from deal_rows import Deal, agreement, decided
from registry import AT, FLY_ASH, Registry
from sqlalchemy import select

import web.api.transfers as transfers_view
from circularity.database import writing
from circularity.deals.contract import Agreement
from circularity.organisations import Site

OWN = "/organisations/{organisation_id}"
STRANGER = "/organisations/{stranger_id}"
PLANT = "/organisations/{refusing_organisation_id}"


@pytest.fixture
def served(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A server opened for a trial, whose transfers are signed on the day of the registry."""
    monkeypatch.setattr(transfers_view, "now", lambda: AT)
    with databases.new() as url, world(url, api_write=True) as made:
        yield made


def get(served: World, path: str, status: int = 200) -> Any:
    answer = served.client.get(served.address(f"/api/v1{path}"))
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_json()


def post(served: World, path: str, body: dict[str, Any], status: int = 201, **headers: str) -> Any:
    answer = served.client.post(served.address(f"/api/v1{path}"), json=body, headers=headers)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_json()


def change(served: World, path: str, body: dict[str, Any], status: int = 200, tag: str = "") -> Any:
    address = served.address(f"/api/v1{path}")
    headers = {"If-Match": tag or served.client.get(address).headers["ETag"]}
    answer = served.client.patch(address, json=body, headers=headers)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_json()


def other_agreement(served: World) -> str:
    """An agreement of the works with another plant, which could take what was refused."""
    with writing(served.engine).begin() as session:
        works = session.scalars(select(Site).filter_by(public_id=served.ids["site_id"])).one()
        registry = Registry(session)
        registry.numbers = iter(range(500_000, 600_000))  # type: ignore[assignment]  # put in its place for the test
        return agreement(registry, works, registry.line(), FLY_ASH).public_id


def test_a_correction_is_read_by_every_party_and_made_when_all_agree(served: World) -> None:
    one = "/corrections/{correction_id}"
    (asked,) = get(served, OWN + "/corrections?status=asked")
    assert (asked["status"], asked["changes"][0]["field"], asked["changes"][0]["after"]) == (
        "asked",
        "vehicle",
        "沪B99999",
    )
    assert len(asked["waiting_for"]) == 2
    assert get(served, PLANT + one)["id"] == asked["id"]
    stale = served.client.get(served.address(f"/api/v1{PLANT}{one}")).headers["ETag"]
    agreed = change(served, PLANT + one, {"act": "agree", "note": "属实"})
    assert (agreed["status"], len(agreed["waiting_for"]), agreed["answers"][0]["note"]) == (
        "asked",
        1,
        "属实",
    )
    change(served, PLANT + one, {"act": "agree"}, 412, stale)
    assert change(served, PLANT + one, {"act": "refuse"}, 422)["type"].endswith(":answered")
    carrier = f"/organisations/{served.ids['refused_carrier_id']}{one}"
    settled = change(served, carrier, {"act": "agree"})
    assert (settled["status"], settled["waiting_for"]) == ("approved", [])
    assert get(served, "/transfers/{refused_id}")["vehicle"] == "沪B99999"


def test_only_the_asker_withdraws_and_nobody_answers_their_own(served: World) -> None:
    one = "/corrections/{correction_id}"
    assert change(served, OWN + one, {"act": "agree"}, 403)["type"].endswith(":own_correction")
    assert change(served, PLANT + one, {"act": "withdraw"}, 403)["type"].endswith(":not_the_asker")
    assert change(served, OWN + one, {"act": "withdraw"})["status"] == "withdrawn"
    assert get(served, OWN + "/corrections?status=asked") == []


def test_a_stranger_finds_no_correction_and_asks_for_none(served: World) -> None:
    get(served, STRANGER + "/corrections/{correction_id}", 404)
    assert get(served, STRANGER + "/corrections") == []
    body = {"reason": "试探", "changes": [{"field": "vehicle", "value": "沪C1"}]}
    post(served, STRANGER + "/transfers/{refused_id}/corrections", body, 404)
    answer = served.client.patch(
        served.address(f"/api/v1{STRANGER}/corrections/{{correction_id}}"),
        json={"act": "agree"},
        headers={"If-Match": '"x"'},
    )
    assert answer.status_code == 404


def test_weights_are_corrected_in_tonnes_and_every_mistake_is_told(served: World) -> None:
    path = OWN + "/transfers/{transfer_id}/corrections"
    wrong = {
        "reason": "误读",
        "changes": [
            {"field": "lines.1.received_t", "value": "19.9190001"},
            {"field": "lines.1.sent_t", "value": "heavy"},
        ],
    }
    columns = [error["column"] for error in post(served, path, wrong, 422)["errors"]]
    assert columns == ["changes.0.value", "changes.1.value"]
    twice = {"reason": "误读", "changes": [{"field": "vehicle", "value": "1"}] * 2}
    assert post(served, path, twice, 422)["errors"][0]["rule"] == "twice"
    unknown = {"reason": "误读", "changes": [{"field": "status", "value": "closed"}]}
    assert post(served, path, unknown, 422)["errors"][0]["rule"] == "unknown_field"
    right = {"reason": "过磅误读", "changes": [{"field": "lines.1.sent_t", "value": "19.95"}]}
    for _ in range(2):
        made = post(served, path, right, **{"Idempotency-Key": "once"})
    assert made["changes"] == [{"field": "lines.1.sent_t", "before": "20", "after": "19.95"}]
    assert post(served, path, right, 422)["type"].endswith(":correction_open")


def test_a_refused_load_is_shown_where_it_stands_with_who_could_take_it(served: World) -> None:
    named = other_agreement(served)
    (listed,) = get(served, OWN + "/refused-loads")
    assert (listed["id"], listed["lines"][0]["refused_t"]) == (served.ids["refused_id"], "6")
    load = get(served, OWN + "/transfers/{refused_id}/refused-load")
    (line,) = load["lines"]
    assert line["refused_t"] == "6"
    assert named in [one["agreement_id"] for one in line["agreements"]]
    assert load["refused_by"]["id"] not in [one["facility"]["id"] for one in line["agreements"]]
    windows = {one["window_id"] for one in line["outlets"]}
    assert {served.ids["window_id"], served.ids["public_window_id"]} == windows
    exact = {one["window_id"]: "mass_t" in one for one in line["outlets"]}
    assert exact == {served.ids["window_id"]: False, served.ids["public_window_id"]: True}
    get(served, STRANGER + "/transfers/{refused_id}/refused-load", 404)
    get(served, PLANT + "/transfers/{refused_id}/refused-load", 403)
    assert get(served, OWN + "/transfers/{transfer_id}/refused-load")["lines"] == []


def test_a_refused_load_goes_on_from_where_it_is_once_its_sender_signs(served: World) -> None:
    named = other_agreement(served)
    carrier = {"organisation_id": served.ids["refused_carrier_id"], "vehicle": "沪A12345"}
    body = {"agreement_ids": [named], "carriers": [carrier], "conveyance": "vehicle", "day": "2026-09-01"}
    path = "/transfers/{refused_id}/rematch"
    post(served, STRANGER + path, body, 404)
    post(served, PLANT + path, body, 403)
    foreign = body | {"agreement_ids": ["0" * 32]}
    assert post(served, OWN + path, foreign, 422)["errors"][0]["rule"] == "unknown_id"
    drafted = post(served, OWN + path, body | {"place": {"lat": "31.3", "lon": "120.6"}})
    assert (drafted["status"], drafted["lines"][0]["sent_t"]) == ("draft", "6")
    assert get(served, "/transfers/{refused_id}")["status"] == "partly_accepted"
    signature = {"signer": "sender", "organisation_id": served.ids["organisation_id"], "person": "张三"}
    post(served, f"/transfers/{drafted['id']}/signatures", signature)
    assert get(served, "/transfers/{refused_id}")["status"] == "rematched"
    assert get(served, OWN + "/refused-loads") == []
    assert post(served, OWN + path, body, 422)["type"].endswith(":illegal_step")


def test_stored_loads_leave_as_one_and_never_more_than_remains(served: World) -> None:
    (stored,) = get(served, OWN + "/stored-loads")
    assert (stored["receipt_id"], stored["left_t"]) == (served.ids["stored_receipt_id"], "30")
    path = OWN + "/transfers/{load_id}/fractions"
    part = {"receipt_id": stored["receipt_id"], "mass_t": "12.5"}
    grouped = post(served, path, {"fractions": [part]})["lines"][0]
    assert (grouped["grouped_t"], grouped["fractions"][0]["mass_t"]) == ("12.5", "12.5")
    assert get(served, OWN + "/stored-loads")[0]["left_t"] == "17.5"
    much = post(served, path, {"fractions": [part | {"mass_t": "17.501"}]}, 422)
    assert (much["type"].rpartition(":")[2], much["facts"]["left_kg"]) == ("more_than_remains", 17_500)
    rest = post(served, path, {"fractions": [{"receipt_id": stored["receipt_id"]}]})
    assert rest["lines"][0]["grouped_t"] == "30"
    less = post(served, path, {"instead": True, "fractions": [part]})["lines"][0]
    assert (less["grouped_t"], len(less["fractions"])) == ("12.5", 1)
    post(served, path, {"fractions": [{"receipt_id": stored["receipt_id"]}]})
    assert get(served, OWN + "/stored-loads") == []
    line = post(served, path, {"line": 9, "fractions": [part]}, 422)
    assert line["errors"][0]["rule"] == "no_such_line"


def test_a_load_stored_elsewhere_is_as_unknown_as_one_that_is_not(served: World) -> None:
    receipts = get(served, "/transfers/{transfer_id}/receipts")["receipts"]
    path = OWN + "/transfers/{load_id}/fractions"
    told = [
        post(served, path, {"fractions": [{"receipt_id": one}]}, 422)["errors"][0]["rule"]
        for one in (receipts[0]["id"], "0" * 32)
    ]
    assert told == ["unknown_id", "unknown_id"]
    fractions = {"fractions": [{"receipt_id": served.ids["stored_receipt_id"]}]}
    post(served, STRANGER + "/transfers/{load_id}/fractions", fractions, 404)
    get(served, STRANGER + "/transfers/{load_id}/fractions", 404)
    assert get(served, STRANGER + "/stored-loads") == []


def test_what_is_owed_is_told_to_both_sides_by_month(served: World) -> None:
    named = other_agreement(served)
    with writing(served.engine).begin() as session:
        registry = Registry(session)
        registry.numbers = iter(range(600_000, 700_000))  # type: ignore[assignment]  # put in its place for the test
        found = session.scalars(select(Agreement).filter_by(public_id=named)).one()
        found.offers[0].price = {"fixed": -45_500}
        carrier = registry.organisation(roles=frozenset({"carrier"}))
        trade = Deal(registry, found.site, found.facility, carrier, found)
        decided(trade, trade.at_the_gate(30), 20, 10)
        plant = found.facility.site.organisation.public_id
    path = f"/agreements/{named}/settlement"
    (month,) = get(served, OWN + path)
    masses = {name: month[name] for name in ("accepted_loads", "sent_t", "accepted_t", "settled_t")}
    assert masses == {"accepted_loads": 1, "sent_t": "30", "accepted_t": "20", "settled_t": "20"}
    assert month["owed_cny"] == "-910"  # 20 t at 45.5 CNY/t, owed by the sender
    assert get(served, f"/organisations/{plant}{path}") == [month]
    get(served, STRANGER + path, 404)
    get(served, f"{OWN}{path}?quotations=2026-09:high", 422)


def test_overdue_loads_are_told_to_their_parties_and_to_their_region(served: World) -> None:
    with writing(served.engine).begin() as session:
        registry = Registry(session)
        registry.numbers = iter(range(700_000, 800_000))  # type: ignore[assignment]  # put in its place for the test
        roles = frozenset({"authority"})
        bureaus = [registry.organisation(roles=roles, region_code=code).public_id for code in ("31", "33")]
    (late,) = get(served, OWN + "/overdue-transfers")
    assert late["days_late"] > 900
    assert late["hazardous"] is False
    assert get(served, PLANT + "/overdue-transfers") == [late]
    assert get(served, STRANGER + "/overdue-transfers") == []
    near, far = (get(served, f"/organisations/{bureau}/overdue-transfers") for bureau in bureaus)
    assert (near, far) == ([late], [])
    path = f"/organisations/{bureaus[0]}/transfers/{late['transfer_id']}/corrections"
    body = {"reason": "代改", "changes": [{"field": "vehicle", "value": "沪C1"}]}
    assert post(served, path, body, 403)["type"].endswith(":not_a_party")
