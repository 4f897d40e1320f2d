"""A treatment recorded wrongly is taken back: reversed, its loads wait again, its senders are told."""

from __future__ import annotations

from datetime import date

import pytest
from deal_rows import DAY, Deal, deal, decided
from registry import Registry, T

from circularity.custody.reception import Receipt, Treatment
from circularity.custody.treatment_notices import not_told, note_told
from circularity.custody.treatment_withdrawals import withdraw_treatment
from circularity.custody.treatments import Result, record_treatment
from circularity.errors import BadInput, RuleBroken
from circularity.ledger.balances import faults, trial_balance
from circularity.ledger.generator_months import Use, close_month, write_month

SAND = "900-099-S59"


@pytest.fixture
def ash(registry: Registry) -> Deal:
    return deal(registry)


def _treated(ash: Deal, receipt: Receipt, tonnes: int | None, *results: Result) -> Treatment:
    facts = {"facility": ash.plant, "operation": "C2", "day_from": DAY, "day_to": DAY}
    mass_kg = None if tonnes is None else tonnes * T
    return record_treatment(**ash.act, **facts, inputs=[(receipt, mass_kg)], results=results)


def _withdrawn(ash: Deal, treatment: Treatment, reason: str = "多写了一个零") -> None:
    withdraw_treatment(**ash.act, treatment=treatment, reason=reason)


def _held(ash: Deal) -> dict[str, int]:
    return {kind: kg // T for kind, kg in trial_balance(ash.registry.session).items() if kg}


def test_what_was_recorded_wrongly_is_reversed_and_recorded_anew(ash: Deal) -> None:
    receipt = decided(ash, ash.at_the_gate(30), 30, 0)
    before = _held(ash)
    wrong = _treated(ash, receipt, None, Result("product", 3 * T), Result("residue", 27 * T, "尾砂", SAND))
    _withdrawn(ash, wrong)
    assert (_held(ash), receipt.treated_kg) == (before, 0)
    _treated(ash, receipt, None, Result("product", 27 * T), Result("residue", 3 * T, "尾砂", SAND))
    # 30 t of ash, and the 3 t of sand that the plant made of it.
    assert _held(ash) == {"generated": -30 - 3, "utilised": 27, "residue": 3, "on_site": 3}
    assert faults(ash.registry.session) == []


def test_its_sender_is_told_of_it_again(ash: Deal) -> None:
    session, sender = ash.registry.session, ash.works.organisation
    treatment = _treated(ash, decided(ash, ash.at_the_gate(30), 30, 0), None, Result("product", 30 * T))
    note_told(**ash.act, treatment=treatment, sender=sender)
    new = session.query(Treatment).where(not_told(sender))
    assert new.count() == 0
    _withdrawn(ash, treatment)
    assert new.one() is treatment
    assert treatment.withdrawal is not None
    assert treatment.withdrawal.reason == "多写了一个零"


def test_of_one_load_the_later_treatment_goes_first(ash: Deal) -> None:
    receipt = decided(ash, ash.at_the_gate(30), 30, 0)
    first, second = (_treated(ash, receipt, 10, Result("product", 10 * T)) for _ in range(2))
    with pytest.raises(RuleBroken) as refused:
        _withdrawn(ash, first)
    assert (refused.value.code, refused.value.facts["treatment"]) == ("treated_since", second.public_id)
    _withdrawn(ash, second)
    _withdrawn(ash, first)
    assert receipt.treated_kg == 0
    with pytest.raises(RuleBroken, match="withdrawn already"):
        _withdrawn(ash, first)


def test_a_residue_that_has_left_or_was_closed_into_a_month_stays(ash: Deal) -> None:
    session = ash.registry.session
    receipt = decided(ash, ash.at_the_gate(30), 30, 0)
    treatment = _treated(
        ash, receipt, None, Result("product", 27 * T), Result("residue", 3 * T, "尾砂", SAND)
    )
    ash.registry.act["at"] = ash.registry.act["at"].replace(month=10, day=5)
    book = {"site": ash.plant.site, "waste_code": SAND, "year": 2026, "month": DAY.month, "discarded_kg": 0}
    month = write_month(
        **ash.act, **book, generated_kg=3 * T, uses=[Use("own_disposed", "D1", 3 * T)], stored_kg=0
    )
    close_month(**ash.act, month=month)
    with pytest.raises(RuleBroken) as refused, session.begin_nested():
        _withdrawn(ash, treatment)
    assert refused.value.code == "month_closed"
    assert treatment.day_to == date(2026, 9, 1)


def test_a_withdrawal_has_a_reason(ash: Deal) -> None:
    treatment = _treated(ash, decided(ash, ash.at_the_gate(30), 30, 0), None, Result("product", 30 * T))
    with pytest.raises(BadInput):
        _withdrawn(ash, treatment, " ")
