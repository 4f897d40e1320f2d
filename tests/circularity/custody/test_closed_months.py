"""What was signed in a closed month stays true: who would book into it reverses it first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from deal_rows import Deal, deal, decided
from registry import FLY_ASH, Registry, T

from circularity.custody.corrections import answer_correction, ask_correction
from circularity.custody.manifests import Transfer
from circularity.custody.sheets import add_reading
from circularity.custody.treatments import Result, record_treatment
from circularity.errors import RuleBroken
from circularity.ledger.generator_months import close_month, reverse_month, write_month
from circularity.ledger.month_balances import month_balance
from circularity.ledger.months import LedgerMonth
from circularity.organisations import Site

TAILINGS = "900-099-S59"


@pytest.fixture
def ash(registry: Registry) -> Deal:
    return deal(registry)


def _in_october(ash: Deal) -> None:
    ash.registry.act["at"] = datetime(2026, 10, 5, 2, tzinfo=UTC)


def _closed(ash: Deal, stored: int, site: Site | None = None, **facts: object) -> LedgerMonth:
    """September's book, closed: 100 t generated unless told, and what is left of it."""
    _in_october(ash)
    figures = {"generated_kg": 100 * T, "waste_code": FLY_ASH, "uses": [], "discarded_kg": 0} | facts
    of_september = {"year": 2026, "month": 9, "site": site or ash.works, "stored_kg": stored * T}
    month = write_month(**ash.act, **of_september, **figures)  # type: ignore[arg-type]  # wrong, or unpacked, on purpose
    close_month(**ash.act, month=month)
    return month


def _sheet(ash: Deal) -> Transfer:
    """Thirty tonnes over a belt in September; nobody has signed yet."""
    sheet = ash.draft(30, metering="sheet", day=date(2026, 9, 1), day_to=date(2026, 9, 30))
    _in_october(ash)
    read_at = datetime(2026, 9, 30, 9, tzinfo=UTC)
    belt = {"kind": "conveyor", "meter": "皮带秤", "mass_kg": 30 * T, "figures": {}}
    add_reading(**ash.act, transfer=sheet, read_at=read_at, **belt)
    return sheet


def _refuses_september(ash: Deal, act: Callable[[], object]) -> None:
    """As in a transaction of its own, which a refusal rolls back."""
    with pytest.raises(RuleBroken) as refused, ash.registry.session.begin_nested():
        act()
    assert (refused.value.code, refused.value.facts["month"]) == ("month_closed", "2026-09")


def test_a_sheet_is_not_signed_into_a_closed_month_and_is_once_that_is_reversed(ash: Deal) -> None:
    sheet, month = _sheet(ash), _closed(ash, stored=100)
    _refuses_september(ash, lambda: ash.sign(sheet, "sender"))
    assert month_balance(ash.registry.session, month).difference_kg == 0
    reverse_month(**ash.act, month=month, reason="日报单未签")
    ash.sign(sheet, "sender")
    assert month_balance(ash.registry.session, _closed(ash, stored=100 - 30)).sent_kg == 30 * T


def test_what_was_sent_is_not_corrected_in_a_closed_month_but_what_was_received_is(ash: Deal) -> None:
    load = ash.at_the_gate(30)
    decided(ash, load, 30, 0)
    month = _closed(ash, stored=70)
    parties = (ash.works.organisation, load.carriages[0].organisation, load.facility.site.organisation)

    def corrected(**changes: int) -> None:
        facts = {"changes": {name.replace("__", "."): kg for name, kg in changes.items()}, "reason": "录错"}
        asked = ask_correction(**ash.act, transfer=load, organisation=parties[0], **facts)
        for other in parties[1:]:
            answer_correction(**ash.act, correction=asked, organisation=other, agrees=True)

    corrected(lines__1__received_kg=29 * T)
    assert month_balance(ash.registry.session, month).difference_kg == 0
    _refuses_september(ash, lambda: corrected(lines__1__sent_kg=31 * T))


def test_a_residue_is_not_made_in_a_month_that_its_plant_has_closed(ash: Deal) -> None:
    receipt = decided(ash, ash.at_the_gate(30), 30, 0)
    _closed(ash, 2, ash.plant.site, waste_code=TAILINGS, generated_kg=2 * T)
    days = {"day_from": date(2026, 9, 1), "operation": "C2", "inputs": [(receipt, None)]}
    results = [Result("product", 27 * T), Result("residue", 3 * T, "尾渣", TAILINGS)]
    treating = {**ash.act, **days, "facility": ash.plant, "results": results}
    _refuses_september(ash, lambda: record_treatment(**treating, day_to=date(2026, 9, 30)))
    treated = record_treatment(**treating, day_to=date(2026, 10, 1))
    assert treated.residue_kg == 3 * T
