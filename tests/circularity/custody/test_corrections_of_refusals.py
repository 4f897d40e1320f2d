"""Weights corrected after a refusal: two weighings differ by what is booked, whatever was booked before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from deal_rows import DAY, Deal, agreement, deal, decided
from registry import AT, FLY_ASH, Registry
from sqlalchemy import select

from circularity.audit import Actor
from circularity.custody.carriers import Carrier
from circularity.custody.corrected_weighings import WeighingChange
from circularity.custody.corrections import answer_correction, ask_correction
from circularity.custody.manifests import Transfer
from circularity.custody.refusals import rematch_refused, send_back, take_back
from circularity.custody.sheets import Weighing, add_tickets
from circularity.custody.transfers import arrive
from circularity.errors import RuleBroken
from circularity.ledger.balances import faults, trial_balance
from circularity.ledger.mass import MassGroup

LATER = AT + timedelta(days=40)


@pytest.fixture
def ash(registry: Registry) -> Deal:
    return deal(registry)


@pytest.fixture
def refused(ash: Deal) -> Transfer:
    """Thirty tonnes sent, thirty weighed at the gate, none accepted: there is no difference to book."""
    transfer = ash.at_the_gate(30)
    decided(ash, transfer, 0, 30)
    return transfer


def agreed(
    deal: Deal,
    transfer: Transfer,
    by: str = "generator",
    weighings: Sequence[WeighingChange] = (),
    **changes: Any,
) -> None:
    """Ask in forty days, when the month of the transfer is over, and have every other party agree."""
    parties = {
        "generator": deal.works.organisation,
        "carrier": deal.carrier,
        "receiver": transfer.facility.site.organisation,
    }
    act = {"actor": Actor("经办人", None, "person"), "at": LATER}
    session = deal.registry.session
    correction = ask_correction(
        session,
        **act,
        transfer=transfer,
        organisation=parties[by],
        changes={name.replace("__", "."): value for name, value in changes.items()},
        reason="磅单录入错误",
        weighings=weighings,
    )
    signed = {row.organisation_id for row in transfer.signatures}
    for name in parties.keys() - {by}:
        party = parties[name]
        if name == "receiver" or party.id in signed:
            answer_correction(session, **act, correction=correction, organisation=party, agrees=True)


@pytest.mark.parametrize(("sent_kg", "variance_kg"), [(31_000, 31_000 - 30_000), (29_000, 29_000 - 30_000)])
def test_of_a_load_refused_whole_the_gates_weight_is_on_the_road_and_a_new_difference_is_booked(
    ash: Deal, refused: Transfer, sent_kg: int, variance_kg: int
) -> None:
    session = ash.registry.session
    ledger = trial_balance(session)
    assert (ledger["in_transit"], ledger.get("variance", 0)) == (30_000, 30_000 - 30_000)
    agreed(ash, refused, lines__1__sent_kg=sent_kg)
    ledger = trial_balance(session)
    assert (ledger["in_transit"], ledger["variance"]) == (30_000, variance_kg)
    assert ledger["on_site"] == max(30_000 - sent_kg, 0)  # what was generated and did not go
    assert ash.agreement.shipped_kg == sent_kg
    assert {day for (day,) in session.execute(select(MassGroup.on_day))} == {AT.date()}
    send_back(**ash.act, transfer=refused, who="carrier")
    take_back(**ash.act, transfer=refused)
    ledger = trial_balance(session)
    assert (ledger["in_transit"], ledger["on_site"]) == (0, 30_000 + max(30_000 - sent_kg, 0))
    assert ash.agreement.shipped_kg == max(sent_kg - 30_000, 0)  # what nobody saw again counts as sent
    assert faults(session) == []


def test_a_difference_that_one_correction_took_away_comes_back_with_the_next(ash: Deal) -> None:
    transfer = ash.at_the_gate(30)
    decided(ash, transfer, 0, 29)
    variances = [trial_balance(ash.registry.session)["variance"]]
    for sent_kg in (29_000, 30_000):
        agreed(ash, transfer, lines__1__sent_kg=sent_kg)
        variances.append(trial_balance(ash.registry.session)["variance"])
    assert variances == [30_000 - 29_000, 29_000 - 29_000, 30_000 - 29_000]
    assert trial_balance(ash.registry.session)["in_transit"] == 29_000
    assert faults(ash.registry.session) == []


def test_what_the_gate_weighed_of_a_load_refused_whole_is_corrected_with_what_it_refused(
    ash: Deal, refused: Transfer
) -> None:
    agreed(ash, refused, "receiver", lines__1__received_kg=29_700, lines__1__refused_kg=29_700)
    ledger = trial_balance(ash.registry.session)
    assert (ledger["in_transit"], ledger["variance"]) == (29_700, 30_000 - 29_700)
    assert ash.agreement.shipped_kg == 30_000


def test_of_a_load_accepted_in_part_the_refused_part_stays_and_the_accepted_part_takes_the_change(
    ash: Deal,
) -> None:
    transfer = ash.at_the_gate(30)
    receipt = decided(ash, transfer, 20, 10)
    agreed(ash, transfer, lines__1__sent_kg=31_000, lines__1__received_kg=30_400)
    ledger = trial_balance(ash.registry.session)
    assert (ledger["received"], ledger["in_transit"]) == (30_400 - 10_000, 10_000)
    assert ledger["variance"] == 31_000 - 30_400
    assert (receipt.accepted_kg, receipt.settled_kg) == (20_400, 20_400)
    assert faults(ash.registry.session) == []


def test_a_load_rematched_and_refused_again_is_corrected_by_the_weight_of_the_second_gate(
    ash: Deal, refused: Transfer
) -> None:
    other = agreement(ash.registry, ash.works, ash.registry.line(), FLY_ASH)
    rescue = rematch_refused(
        **ash.act,
        transfer=refused,
        agreements=[other],
        carriers=[Carrier(ash.carrier, "沪A1")],
        conveyance="vehicle",
        vehicle="",
        day=DAY,
    )
    ash.sign(rescue, "sender")
    ash.sign(rescue, "carrier")
    arrive(**ash.act, transfer=rescue)
    decided(ash, rescue, 0, 30)
    agreed(ash, rescue, "receiver", lines__1__received_kg=29_600, lines__1__refused_kg=29_600)
    ledger = trial_balance(ash.registry.session)
    assert (ledger["in_transit"], ledger["variance"]) == (29_600, 30_000 - 29_600)
    assert faults(ash.registry.session) == []


def test_weights_of_a_load_that_went_home_are_not_corrected_and_the_reason_says_so(
    ash: Deal, refused: Transfer
) -> None:
    send_back(**ash.act, transfer=refused, who="carrier")
    reasons = []
    for _ in ("on its way", "at home"):
        with pytest.raises(RuleBroken) as late:
            agreed(ash, refused, lines__1__sent_kg=31_000)
        reasons.append(late.value.code)
        if refused.status == "returning":
            take_back(**ash.act, transfer=refused)
    assert reasons == ["mass_went_back", "mass_went_back"]


def test_a_sheet_refused_whole_books_its_difference_on_its_last_day(ash: Deal) -> None:
    sheet = ash.draft(metering="sheet")
    weighed_at = datetime(2026, 9, 1, 1, tzinfo=UTC)
    row = Weighing("1", "沪A1", weighed_at, 46_200, 16_200)
    add_tickets(**ash.act, transfer=sheet, rows=[row])
    ash.sign(sheet, "sender")
    decided(ash, sheet, 0, 30)
    right = WeighingChange("ticket", "change", "sender", "1", weighed_at, {"tare_kg": 15_700})
    agreed(ash, sheet, weighings=[right])
    ledger = trial_balance(ash.registry.session)
    assert (ledger["in_transit"], ledger["variance"]) == (30_000, 30_500 - 30_000)
    days = ash.registry.session.scalars(select(MassGroup.on_day).filter_by(subject_id=sheet.public_id))
    assert set(days) == {sheet.day_to}
