"""A sheet's weight is the sum of its tickets and readings, before a correction and after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from deal_rows import Deal, deal
from registry import AT, Registry, T
from sqlalchemy import select

from circularity.audit import Actor
from circularity.custody import correction_effects, corrections
from circularity.custody.amendments import Correction
from circularity.custody.corrected_weighings import WeighingChange
from circularity.custody.corrections import answer_correction, ask_correction
from circularity.custody.manifests import Transfer
from circularity.custody.metered import received_total_kg, sent_total_kg
from circularity.custody.receipts import Verdict, Weighed, decide, receipts_of, receive
from circularity.custody.seals import verify_signatures
from circularity.custody.sheets import Weighing, add_reading, add_tickets
from circularity.custody.weighings import Ticket
from circularity.errors import BadInput, RuleBroken
from circularity.ledger.balances import faults, trial_balance
from circularity.ledger.mass import MassGroup

EIGHT = datetime(2026, 9, 1, 0, tzinfo=UTC)
"""Eight in the morning in Shanghai, on the day of the sheet."""

A_KILOGRAM = {"plate": "1", "gross_kg": 2, "tare_kg": 1}


@pytest.fixture
def ash(registry: Registry) -> Deal:
    return deal(registry)


@pytest.fixture
def sheet(ash: Deal) -> Transfer:
    """Two trucks of 20 t and 10 t as the sender weighed them; the receiver weighed 19.9 t and 10 t."""
    made = ash.draft(metering="sheet")
    add_tickets(**ash.act, transfer=made, rows=[ticket("S1", 36, 16), ticket("S2", 26, 16)])
    ash.sign(made, "sender")
    theirs = [ticket("R1", 36, 16, minus_kg=100), ticket("R2", 26, 16)]
    add_tickets(**ash.act, transfer=made, rows=theirs, side="receiver")
    decided(ash, made, 29_900)
    return made


def ticket(number: str, gross_t: int, tare_t: int, minus_kg: int = 0) -> Weighing:
    return Weighing(number, "沪A1", EIGHT, gross_t * T - minus_kg, tare_t * T)


def decided(ash: Deal, transfer: Transfer, accepted_kg: int, refused_kg: int = 0) -> None:
    receive(**ash.act, transfer=transfer, weighed={1: Weighed()})
    plant, reason = ash.plant.site.organisation, "含水率过高" if refused_kg else ""
    verdicts = {1: Verdict(accepted_kg, refused_kg, reason)}
    decide(**ash.act, transfer=transfer, organisation=plant, person="李四", verdicts=verdicts)


def ask(
    ash: Deal, transfer: Transfer, weighings: Sequence[WeighingChange] = (), **changes: Any
) -> Correction:
    """The sender asks in forty days, when the month of the sheet is over."""
    return ask_correction(
        ash.registry.session,
        actor=Actor("发出方经办人", None, "person"),
        at=AT + timedelta(days=40),
        transfer=transfer,
        organisation=ash.works.organisation,
        changes={name.replace("__", "."): value for name, value in changes.items()},
        reason="磅单录入错误",
        weighings=weighings,
    )


def agreed(ash: Deal, correction: Correction) -> None:
    answer_correction(
        ash.registry.session,
        actor=Actor("接收方经办人", None, "person"),
        at=AT + timedelta(days=41),
        correction=correction,
        organisation=ash.plant.site.organisation,
        agrees=True,
    )


def change(number: str, act: str = "change", side: str = "sender", **values: Any) -> WeighingChange:
    return WeighingChange("ticket", act, side, number, EIGHT, values)


def stands(ash: Deal, transfer: Transfer, sent_kg: int, received_kg: int) -> None:
    """The sheet is the sum of its tickets, the ledger balances, what is sealed is what stands."""
    session, (line,) = ash.registry.session, transfer.lines
    receipt = receipts_of(session, transfer)[1]
    assert (line.sent_kg, sent_total_kg(session, line)) == (sent_kg, sent_kg)
    assert (receipt.received_kg, received_total_kg(session, line)) == (received_kg, received_kg)
    ledger = trial_balance(session)
    assert (ledger["received"], ledger.get("variance", 0)) == (received_kg, sent_kg - received_kg)
    assert ash.agreement.shipped_kg == sent_kg
    assert (sum(ledger.values()), faults(session), verify_signatures(transfer)) == (0, [], [])


def test_a_ticket_is_put_right_and_the_sheet_is_their_sum_again(ash: Deal, sheet: Transfer) -> None:
    stands(ash, sheet, 30_000, 29_900)
    correction = ask(ash, sheet, [change("S1", tare_kg=16_100)])
    assert correction.changes["lines.1.sent_kg"] == [30_000, 29_900]
    stands(ash, sheet, 30_000, 29_900)  # nothing before the others agree
    agreed(ash, correction)
    stands(ash, sheet, 36_000 - 16_100 + 10_000, 29_900)
    assert {day for (day,) in ash.registry.session.execute(select(MassGroup.on_day))} == {sheet.day_to}
    assert sheet.signatures[-1].document["lines"][0]["weighings"]["mass_kg"] == 29_900


def test_a_ticket_is_voided_and_may_count_where_it_belongs(ash: Deal, sheet: Transfer) -> None:
    agreed(ash, ask(ash, sheet, [change("S2", "void"), change("R2", "void", "receiver")]))
    stands(ash, sheet, 20_000, 19_900)
    other = ash.draft(metering="sheet")
    assert add_tickets(**ash.act, transfer=other, rows=[ticket("S2", 26, 16)]).added == 1


def test_a_ticket_that_was_forgotten_is_added_on_both_sides(ash: Deal, sheet: Transfer) -> None:
    forgotten = {"plate": "沪A3", "gross_kg": 22_000, "tare_kg": 16_000}
    both = [change("S3", "add", **forgotten), change("R3", "add", "receiver", **forgotten)]
    agreed(ash, ask(ash, sheet, both))
    stands(ash, sheet, 30_000 + 6_000, 29_900 + 6_000)


def test_a_wrong_plate_changes_no_weight(ash: Deal, sheet: Transfer) -> None:
    correction = ask(ash, sheet, [change("S1", plate="沪A9")])
    assert [*correction.changes] == ["weighings.0"]
    agreed(ash, correction)
    stands(ash, sheet, 30_000, 29_900)


@pytest.mark.parametrize("field", ["lines__1__sent_kg", "lines__1__received_kg"])
def test_no_total_is_corrected_away_from_its_tickets(ash: Deal, sheet: Transfer, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        ask(ash, sheet, **{field: 29_000})
    assert [problem.rule for problem in refused.value.problems] == ["not_as_ticketed"]
    with pytest.raises(BadInput):
        ask(ash, sheet, [change("S1", tare_kg=16_100)], lines__1__sent_kg=29_000)
    agreed(ash, ask(ash, sheet, [change("S1", tare_kg=16_100)], lines__1__sent_kg=29_900))
    stands(ash, sheet, 29_900, 29_900)


def test_a_free_total_that_was_asked_for_earlier_is_refused_when_it_would_be_made(
    ash: Deal, sheet: Transfer
) -> None:
    correction = ask(ash, sheet, [change("S1", tare_kg=16_100)])
    correction.changes = {"lines.1.sent_kg": [30_000, 29_000]}
    with pytest.raises(RuleBroken) as refused:
        agreed(ash, correction)
    assert refused.value.code == "not_as_ticketed"


def test_a_total_that_was_once_corrected_away_from_its_tickets_comes_back_to_them(
    ash: Deal, sheet: Transfer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as as_it_was:
        as_it_was.setattr(corrections, "follow", lambda *_: None)
        as_it_was.setattr(correction_effects, "require_sums", lambda *_: None)
        agreed(ash, ask(ash, sheet, lines__1__sent_kg=29_000))
    assert (sheet.lines[0].sent_kg, sent_total_kg(ash.registry.session, sheet.lines[0])) == (29_000, 30_000)
    agreed(ash, ask(ash, sheet, lines__1__sent_kg=30_000))
    stands(ash, sheet, 30_000, 29_900)


def test_what_was_refused_changes_with_the_tickets_of_a_sheet_refused_whole(ash: Deal) -> None:
    sheet = ash.draft(metering="sheet")
    add_tickets(**ash.act, transfer=sheet, rows=[ticket("S1", 36, 16)])
    ash.sign(sheet, "sender")
    add_tickets(**ash.act, transfer=sheet, rows=[ticket("R1", 36, 16)], side="receiver")
    decided(ash, sheet, 0, 20 * T)
    right = [change("R1", side="receiver", tare_kg=16_500)]
    agreed(ash, ask(ash, sheet, right, lines__1__refused_kg=19_500))
    session = ash.registry.session
    receipt = receipts_of(session, sheet)[1]
    assert (receipt.received_kg, receipt.refused_kg, receipt.accepted_kg) == (19_500, 19_500, 0)
    assert received_total_kg(session, sheet.lines[0]) == 19_500
    assert (trial_balance(session)["variance"], faults(session)) == (20_000 - 19_500, [])


def test_a_counter_that_was_misread_is_put_right(ash: Deal) -> None:
    belt = ash.draft(metering="conveyor", conveyance="conveyor", vehicle="")
    reading = {"kind": "conveyor", "meter": "BW-1", "read_at": EIGHT}
    showed = {"counter_before_t": 100, "counter_after_t": 130}
    for side in ("sender", "receiver"):
        add_reading(**ash.act, transfer=belt, **reading, figures=showed, side=side)
        if side == "sender":
            ash.sign(belt, "sender")
    decided(ash, belt, 30 * T)
    right = {"figures": {"counter_before_t": 100, "counter_after_t": 129}}
    agreed(ash, ask(ash, belt, [WeighingChange("reading", "change", "sender", "BW-1", EIGHT, right)]))
    stands(ash, belt, 29 * T, 30 * T)


@pytest.mark.parametrize(
    ("wanted", "column", "rule"),
    [
        (change("S9", tare_kg=1), "weighings.0.name", "unknown_weighing"),
        (change("R1", tare_kg=1), "weighings.0.name", "unknown_weighing"),  # the receiver's, not the sender's
        (change("S1", tare_kg=16_000), "weighings.0.name", "unchanged"),
        (change("S1", tare_kg=36_000), "weighings.0.gross_kg", "no_net"),
        (change("S1", plate=""), "weighings.0.name", "no_ticket"),
        (change("S1", "void", tare_kg=1), "weighings.0.tare_kg", "unknown_field"),
        (change("S1", mass_kg=1), "weighings.0.mass_kg", "unknown_field"),
        (change("S1", "add", **A_KILOGRAM), "weighings.0.name", "known_already"),
        (change("S1", "burn"), "weighings.0.act", "unknown_word"),
        (change("S1", side="carrier"), "weighings.0.side", "unknown_word"),
        (WeighingChange("ticket", "void", "sender", "S1", EIGHT, {}, 2), "weighings.0.line", "no_such_line"),
        (
            WeighingChange("ticket", "add", "sender", "S4", EIGHT - timedelta(days=2), A_KILOGRAM),
            "weighings.0.at",
            "outside_period",
        ),
    ],
)
def test_what_cannot_be_put_right_is_told_with_its_place(
    ash: Deal, sheet: Transfer, wanted: WeighingChange, column: str, rule: str
) -> None:
    with pytest.raises(BadInput) as refused:
        ask(ash, sheet, [wanted])
    assert [(problem.column, problem.rule) for problem in refused.value.problems] == [(column, rule)]


def test_a_sheet_keeps_at_least_one_ticket_and_one_is_named_once(ash: Deal, sheet: Transfer) -> None:
    for wanted, rule in (
        ([change("S1", "void"), change("S2", "void")], "nothing_weighed"),
        ([change("R1", "void", "receiver"), change("R2", "void", "receiver")], "nothing_weighed"),
        ([change("S1", "void"), change("S1", tare_kg=1)], "twice"),
    ):
        with pytest.raises(BadInput) as refused:
            ask(ash, sheet, wanted)
        assert [problem.rule for problem in refused.value.problems] == [rule]
    assert len(ash.registry.session.scalars(select(Ticket)).all()) == 4


def test_a_weighing_that_counts_elsewhere_by_then_is_not_added(ash: Deal, sheet: Transfer) -> None:
    added = {"plate": "沪A3", "gross_kg": 22_000, "tare_kg": 16_000}
    correction = ask(ash, sheet, [change("S3", "add", **added)])
    add_tickets(**ash.act, transfer=ash.draft(metering="sheet"), rows=[ticket("S3", 22, 16)])
    with pytest.raises(RuleBroken) as refused:
        agreed(ash, correction)
    assert refused.value.code == "known_already"


def test_tickets_wait_for_the_verdict_and_stand_in_no_cancellation(ash: Deal) -> None:
    early = ash.draft(metering="sheet")
    add_tickets(**ash.act, transfer=early, rows=[ticket("S5", 36, 16)])
    ash.sign(early, "sender")
    with pytest.raises(RuleBroken) as refused:
        ask(ash, early, [change("S5", tare_kg=16_100)])
    assert refused.value.code == "too_early"
    with pytest.raises(BadInput) as alone:
        ask(ash, early, [change("S5", tare_kg=16_100)], cancel=True)
    assert [problem.rule for problem in alone.value.problems] == ["stands_alone"]


def test_a_verdict_is_over_the_tickets_that_are_there_when_it_is_given(ash: Deal) -> None:
    sheet = ash.draft(metering="sheet")
    add_tickets(**ash.act, transfer=sheet, rows=[ticket("S1", 36, 16)])
    ash.sign(sheet, "sender")
    receive(**ash.act, transfer=sheet, weighed={1: Weighed(20_000)})
    add_tickets(**ash.act, transfer=sheet, rows=[ticket("R1", 35, 16)], side="receiver")
    plant = ash.plant.site.organisation
    with pytest.raises(RuleBroken) as refused:
        decide(**ash.act, transfer=sheet, organisation=plant, person="李四", verdicts={1: Verdict(20_000)})
    assert refused.value.code == "not_as_ticketed"
    decided(ash, sheet, 19_000)
    stands(ash, sheet, 20_000, 19_000)
