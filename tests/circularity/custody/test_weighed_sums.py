"""Nobody signs a weight that its own tickets contradict, on a trip as on a sheet, on either side."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from deal_rows import Deal, deal
from registry import AT, Registry, T

from circularity.audit import Actor
from circularity.custody import departures
from circularity.custody.cleared_weighings import clear_weighings
from circularity.custody.corrected_weighings import WeighingChange
from circularity.custody.corrections import answer_correction, ask_correction
from circularity.custody.manifests import Transfer
from circularity.custody.receipts import Verdict, Weighed, decide, receive
from circularity.custody.seals import verify_signatures
from circularity.custody.sheets import Weighing, add_reading, add_tickets
from circularity.custody.transfers import arrive
from circularity.errors import BadInput, RuleBroken
from circularity.ledger.balances import faults, trial_balance

EIGHT = datetime(2026, 9, 1, 0, tzinfo=UTC)


@pytest.fixture
def ash(registry: Registry) -> Deal:
    return deal(registry)


def weigh(ash: Deal, transfer: Transfer, *net_kg: int, side: str = "sender") -> None:
    rows = [Weighing(f"{side}-{kg}", "沪A1", EIGHT, 16 * T + kg, 16 * T) for kg in net_kg]
    add_tickets(**ash.act, transfer=transfer, rows=rows, side=side)


def test_a_trip_with_tickets_of_another_sum_is_not_signed_and_told_both_weights(ash: Deal) -> None:
    trip = ash.draft(30)
    weigh(ash, trip, 17_000, 12_900)
    with pytest.raises(RuleBroken) as refused:
        ash.sign(trip, "sender")
    assert refused.value.code == "not_as_ticketed"
    assert refused.value.facts == {"line": 1, "weight_kg": 30_000, "ticketed_kg": 17_000 + 12_900}
    assert refused.value.en.startswith("line 1 says 30 t, its tickets and readings come to 29.9 t: change")
    assert refused.value.zh.startswith("第 1 行填写 30 吨，其磅单和读数合计 29.9 吨；请更改")
    assert (trip.status, ash.agreement.shipped_kg, trial_balance(ash.registry.session)) == ("draft", 0, {})


def test_a_trip_is_signed_once_its_tickets_come_to_it_or_none_is_left(ash: Deal) -> None:
    weighed, unweighed = ash.draft(30), ash.draft(20)
    weigh(ash, weighed, 17_000)
    add_reading(
        **ash.act, transfer=weighed, kind="conveyor", meter="BW-1", read_at=EIGHT, figures={}, mass_kg=13_000
    )
    ash.sign(weighed, "sender")
    weigh(ash, unweighed, 19_000)
    clear_weighings(**ash.act, transfer=unweighed, side="sender")
    ash.sign(unweighed, "sender")
    assert ash.agreement.shipped_kg == (17_000 + 13_000) + 20_000


def test_a_sheet_takes_the_sum_of_its_tickets_for_what_was_expected(ash: Deal) -> None:
    sheet = ash.draft(30, metering="sheet")
    weigh(ash, sheet, 17_000, 12_900)
    ash.sign(sheet, "sender")
    assert (sheet.lines[0].sent_kg, ash.agreement.shipped_kg) == (29_900, 29_900)


@pytest.mark.parametrize("metering", ["trip", "sheet"])
def test_what_a_receiver_weighed_is_held_to_its_tickets_by_the_same_rule(ash: Deal, metering: str) -> None:
    load = ash.draft(30, metering=metering)
    weigh(ash, load, 30_000)
    ash.sign(load, "sender")
    if metering == "trip":
        ash.sign(load, "carrier")
        arrive(**ash.act, transfer=load)
    weigh(ash, load, 29_900, side="receiver")
    with pytest.raises(RuleBroken) as refused:
        receive(**ash.act, transfer=load, weighed={1: Weighed(30_000)})
    assert refused.value.facts == {"line": 1, "weight_kg": 30_000, "ticketed_kg": 29_900}


def test_a_trip_signed_before_with_another_weight_is_corrected_to_its_tickets_only(
    ash: Deal, monkeypatch: pytest.MonkeyPatch
) -> None:
    trip = ash.draft(30)
    weigh(ash, trip, 17_000, 12_900)
    with monkeypatch.context() as as_it_was:
        as_it_was.setattr(departures, "require_weighed", lambda *_: None)
        ash.sign(trip, "sender")
    ash.sign(trip, "carrier")
    arrive(**ash.act, transfer=trip)
    receive(**ash.act, transfer=trip, weighed={1: Weighed(30_000)})
    plant = ash.plant.site.organisation
    decide(**ash.act, transfer=trip, organisation=plant, person="李四", verdicts={1: Verdict(30_000)})
    with pytest.raises(BadInput) as refused:
        correct(ash, trip, {"lines.1.sent_kg": 28_000})
    assert [problem.rule for problem in refused.value.problems] == ["not_as_ticketed"]
    correct(ash, trip, {"lines.1.sent_kg": 29_900})
    assert (trip.lines[0].sent_kg, ash.agreement.shipped_kg) == (29_900, 29_900)
    correct(
        ash, trip, {}, WeighingChange("ticket", "change", "sender", "sender-12900", EIGHT, {"tare_kg": 1})
    )
    assert trip.lines[0].sent_kg == 17_000 + (16_000 + 12_900 - 1) == ash.agreement.shipped_kg
    assert (faults(ash.registry.session), verify_signatures(trip)) == ([], [])


def correct(ash: Deal, trip: Transfer, changes: dict[str, int], *weighings: WeighingChange) -> None:
    """The sender asks, the receiver and the carrier agree."""
    asked = ask_correction(
        ash.registry.session,
        actor=Actor("发出方经办人", None, "person"),
        at=AT + timedelta(days=2),
        transfer=trip,
        organisation=ash.works.organisation,
        changes=changes,
        reason="磅单录入错误",
        weighings=weighings,
    )
    for other in (ash.plant.site.organisation, ash.carrier):
        answer_correction(
            ash.registry.session,
            actor=Actor("对方经办人", None, "person"),
            at=AT + timedelta(days=3),
            correction=asked,
            organisation=other,
            agrees=True,
        )
