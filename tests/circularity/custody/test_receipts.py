"""What arrives is weighed now and decided later; every kilogram of both weighings has its place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from deal_rows import Deal, agreement, deal
from registry import FLY_ASH, Registry, T

from circularity.custody.drafting import Load
from circularity.custody.manifests import Transfer
from circularity.custody.receipts import Verdict, Weighed, decide, receive
from circularity.custody.reception import Receipt
from circularity.custody.seals import verify_signatures
from circularity.custody.transfer_cells import cells_of
from circularity.errors import BadInput, NotAllowed, RuleBroken
from circularity.ledger.balances import faults, trial_balance
from circularity.ledger.groups import post
from circularity.ledger.postings import Cell, Movement


@pytest.fixture
def ash(registry: Registry) -> Deal:
    return deal(registry)


def _receive(ash: Deal, transfer: Transfer, *weighed: Weighed) -> list[Receipt]:
    return receive(**ash.act, transfer=transfer, weighed=dict(enumerate(weighed, 1)))


def _decide(ash: Deal, transfer: Transfer, *verdicts: Verdict, **facts: Any) -> list[Receipt]:
    defaults = {"organisation": transfer.facility.site.organisation, "person": "李四"}
    given = dict(enumerate(verdicts, 1))
    return decide(**(ash.act | defaults | facts), transfer=transfer, verdicts=given)


def _held(ash: Deal) -> dict[str, int]:
    return {kind: kg for kind, kg in trial_balance(ash.registry.session).items() if kg}


def test_a_load_is_received_now_and_accepted_after_the_analysis(ash: Deal) -> None:
    transfer = ash.at_the_gate(30)
    (receipt,) = _receive(ash, transfer, Weighed(29_900))
    assert (receipt.verdict, receipt.accepted_kg, transfer.status) == ("pending", 0, "arrived")
    assert _held(ash) == {"generated": -30_000, "in_transit": 30_000}
    _receive(ash, transfer, Weighed(29_880))  # weighed again while it waits
    _decide(ash, transfer, Verdict(29_880))
    assert (receipt.verdict, receipt.settled_kg, transfer.status) == ("accepted", 29_880, "accepted")
    assert _held(ash) == {"generated": -30_000, "received": 29_880, "variance": 120}
    assert transfer.signatures[-1].document["reception"][0]["accepted_kg"] == 29_880
    assert verify_signatures(transfer) == []
    assert faults(ash.registry.session) == []


def test_a_heavier_load_is_booked_from_variance(ash: Deal) -> None:
    transfer = ash.at_the_gate(30)
    _receive(ash, transfer, Weighed(30_050))
    _decide(ash, transfer, Verdict(30_050))
    assert _held(ash) == {"generated": -30_000, "variance": -50, "received": 30_050}


def test_water_that_dried_off_is_moisture_loss(ash: Deal) -> None:
    load = Load(FLY_ASH, "C2", 30_000, sent_moisture_permille=200)
    transfer = ash.at_the_gate(lines=[load])
    _receive(ash, transfer, Weighed(26_600, moisture_permille=100))
    _decide(ash, transfer, Verdict(26_600))
    dried = 30_000 - 26_667  # 24 t dry are 26.667 t at 10 %
    assert _held(ash) == {
        "generated": -30_000,
        "moisture_loss": dried,
        "variance": 67,
        "received": 26_600,
    }


def test_a_part_is_refused_in_kilograms_with_a_reason_and_stays_on_the_road(ash: Deal) -> None:
    transfer = ash.at_the_gate(30)
    _receive(ash, transfer, Weighed(29_000))
    _decide(ash, transfer, Verdict(24_000, 5_000, "氯含量超标"))
    (signature,) = transfer.signatures[-1:]
    assert signature.document["reception"][0]["reason"] == "氯含量超标"
    assert transfer.status == "partly_accepted"
    assert _held(ash) == {
        "generated": -30_000,
        "variance": 1_000,
        "received": 24_000,
        "in_transit": 5_000,
    }
    assert sum(kg for _, kg in cells_of(ash.registry.session, transfer, transfer.lines[0])) == 5_000


def test_a_load_refused_whole_is_nobody_s_receipt(ash: Deal) -> None:
    transfer = ash.at_the_gate(30)
    (receipt,) = _receive(ash, transfer, Weighed(30_000))
    _decide(ash, transfer, Verdict(0, 30_000, "混入危险废物"))
    assert (receipt.verdict, transfer.status, receipt.settled_kg) == ("refused", "refused", 0)
    assert _held(ash) == {"generated": -30_000, "in_transit": 30_000}


def test_old_stock_and_new_share_the_difference(ash: Deal) -> None:
    """12 t of 2024 and 18 t of this year; of 100 kg short the old bears 40."""
    session, old = ash.registry.session, Cell(ash.works.id, FLY_ASH, 2024)
    opened = [Movement("opening", old, 12_000, ash.works.id)]
    facts = {"event": "stock.opened", "on_day": ash.agreement.offer.valid_from, "at": ash.act["at"]}
    post(session, subject=ash.works, movements=opened, **facts)
    transfer = ash.at_the_gate(30)
    _receive(ash, transfer, Weighed(29_900))
    _decide(ash, transfer, Verdict(29_900))
    brought = cells_of(session, transfer, transfer.lines[0], "received", ash.plant.site_id)
    assert brought == [(old, 12_000 - 40), (Cell(ash.works.id, FLY_ASH, 2026), 18_000 - 60)]


def test_a_collector_stores_what_stays_the_generator_s(registry: Registry) -> None:
    ash = deal(registry, kind="collector")
    transfer = ash.at_the_gate(30)
    _receive(ash, transfer, Weighed(30_000))
    _decide(ash, transfer, Verdict(30_000))
    cell = Cell(ash.works.id, FLY_ASH, 2026)
    stored = cells_of(registry.session, transfer, transfer.lines[0], "on_site", ash.plant.site_id)
    assert stored == [(cell, 30_000)]


def test_two_lines_are_judged_one_by_one(ash: Deal) -> None:
    other = agreement(ash.registry, ash.works, ash.agreement.line, "900-002-S02")
    loads = [Load(FLY_ASH, "C2", 20 * T), Load("900-002-S02", "C2", 10 * T, agreement=other)]
    transfer = ash.at_the_gate(lines=loads)
    _receive(ash, transfer, Weighed(20 * T), Weighed(10 * T))
    first, second = _decide(ash, transfer, Verdict(20 * T), Verdict(0, 10 * T, "含水率过高"))
    assert (first.verdict, second.verdict, transfer.status) == ("accepted", "refused", "partly_accepted")
    assert _held(ash) == {"generated": -30 * T, "received": 20 * T, "in_transit": 10 * T}


def test_a_verdict_is_given_once_and_only_on_what_was_weighed(ash: Deal) -> None:
    transfer = ash.at_the_gate(30)
    with pytest.raises(RuleBroken) as unweighed:
        _decide(ash, transfer, Verdict(30 * T))
    assert unweighed.value.code == "not_received"
    _receive(ash, transfer, Weighed(30 * T))
    _decide(ash, transfer, Verdict(30 * T))
    for again in (
        lambda: _decide(ash, transfer, Verdict(30 * T)),
        lambda: _receive(ash, transfer, Weighed(1)),
    ):
        with pytest.raises(RuleBroken) as refused:
            again()
        assert refused.value.code == "illegal_step"


def test_nothing_is_weighed_before_it_arrives(ash: Deal) -> None:
    transfer = ash.draft(30)
    ash.sign(transfer, "sender")
    with pytest.raises(RuleBroken) as refused:
        _receive(ash, transfer, Weighed(30 * T))
    assert refused.value.code == "illegal_step"


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (Verdict(29 * T), "not_the_whole"),
        (Verdict(30 * T, 1, "x"), "not_the_whole"),
        (Verdict(20 * T, 10 * T), "reason_missing"),
        (Verdict(0, 30 * T, "  "), "reason_missing"),
    ],
)
def test_a_verdict_accounts_for_every_kilogram(ash: Deal, verdict: Verdict, code: str) -> None:
    transfer = ash.at_the_gate(30)
    _receive(ash, transfer, Weighed(30 * T))
    with pytest.raises(RuleBroken) as refused:
        _decide(ash, transfer, verdict)
    assert refused.value.code == code
    assert transfer.status == "arrived"


def test_malformed_weights_and_missing_lines_are_refused(ash: Deal) -> None:
    transfer = ash.at_the_gate(30)
    for weighed in ({}, {2: Weighed(1)}, {1: Weighed(-1)}, {1: Weighed(1, 1001)}):
        with pytest.raises(BadInput):
            receive(**ash.act, transfer=transfer, weighed=weighed)


def test_only_the_receiver_decides(ash: Deal) -> None:
    transfer = ash.at_the_gate(30)
    _receive(ash, transfer, Weighed(30 * T))
    with pytest.raises(NotAllowed):
        _decide(ash, transfer, Verdict(30 * T), organisation=ash.works.organisation)


def test_what_the_plant_may_no_longer_take_can_only_be_refused(ash: Deal) -> None:
    transfer = ash.at_the_gate(30)
    _receive(ash, transfer, Weighed(30 * T))
    ash.plant.standing = "blacklisted"
    ash.registry.session.flush()
    with pytest.raises(RuleBroken) as refused:
        _decide(ash, transfer, Verdict(30 * T))
    assert refused.value.code == "unlawful"
    _decide(ash, transfer, Verdict(0, 30 * T, "企业停产"))
    assert transfer.status == "refused"


def test_more_than_the_licence_is_received_all_the_same(registry: Registry) -> None:
    """The truck is at the gate: beyond the year's limit is an alarm, not a bar."""
    line = registry.line(annual_limit_kg=20 * T)
    ash = deal(registry, line=line)
    transfer = ash.at_the_gate(30)
    _receive(ash, transfer, Weighed(30 * T))
    _decide(ash, transfer, Verdict(30 * T))
    assert transfer.status == "accepted"


def test_a_verdict_counts_on_the_day_of_shanghai(ash: Deal) -> None:
    transfer = ash.at_the_gate(30)
    evening = ash.act | {"at": datetime(2026, 9, 30, 17, 0, tzinfo=UTC)}
    (receipt,) = receive(**evening, transfer=transfer, weighed={1: Weighed(30 * T)})
    assert receipt.received_on.isoformat() == "2026-10-01"
