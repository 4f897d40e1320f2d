"""The terms of an offer, checked before they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from circularity.deals.contract import CADENCES, LOTS, PRICE_KINDS, WEIGHTS, Agreement
from circularity.deals.prices import checked_price
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.registry.entitlements import CapacityWindow
from circularity.registry.outputs import Output

LAST_YEAR = 2200


@dataclass(frozen=True, slots=True)
class Terms:
    """What one side puts forward; units and words as in `deals.Offer`, prices as in `deal_prices`.

    `period_mass_kg` None: the whole mass may come in one period of the cadence.
    """

    mass_kg: int
    valid_from: date
    valid_to: date
    lot: str = "regular"
    cadence: str = "once"
    period_mass_kg: int | None = None
    price_kind: str = "fixed"
    price: Mapping[str, Any] = field(default_factory=lambda: {"fixed": None})
    settles: str = "received"
    reference_moisture_permille: int | None = None
    note: str = ""


def checked_terms(terms: Terms, today: date) -> dict[str, Any]:
    """Return terms as the columns of an offer. Raises BadInput with every problem."""
    checks = Checks("offer")
    checks.period("valid_from", terms.valid_from, "valid_to", terms.valid_to)
    mass_kg = checks.kilograms("mass_kg", terms.mass_kg, 1)
    period_kg = mass_kg if terms.period_mass_kg is None else terms.period_mass_kg
    values = {
        "lot": checks.word("lot", terms.lot, LOTS),
        "mass_kg": mass_kg,
        "cadence": checks.word("cadence", terms.cadence, CADENCES),
        "period_mass_kg": checks.whole("period_mass_kg", period_kg, 1, mass_kg),
        "valid_from": terms.valid_from,
        "valid_to": terms.valid_to,
        "price_kind": checks.word("price_kind", terms.price_kind, PRICE_KINDS),
        "price": checked_price(checks, terms.price_kind, terms.price),
        "settles": checks.word("settles", terms.settles, WEIGHTS),
        "reference_moisture_permille": checks.maybe(
            "reference_moisture_permille", terms.reference_moisture_permille, 0, 1000
        ),
        "note": checks.text("note", terms.note, maximum=1000, required=False),
    }
    _check_days(checks, terms, today)
    checks.finish()
    return values


def require_within_postings(agreement: Agreement, first: date, last: date) -> None:
    """Refuse days on which a posting of the deal does not stand, and postings that were withdrawn.

    Raises RuleBroken `withdrawn` or `outside_posting` (facts: what, available_from, available_to).
    """
    for what, row in (("output", agreement.output), ("window", agreement.window)):
        if row is None:
            continue
        facts = {"what": what, "id": row.public_id}
        zh, en = ("该批固废", "the lot") if what == "output" else ("该接收能力", "the capacity window")
        if row.withdrawn_at is not None:
            raise RuleBroken("withdrawn", f"{zh}已撤回", f"{en} was withdrawn", **facts)
        if _begins_after(row, first) or _ends_before(row, last):
            days = {"available_from": str(row.available_from), "available_to": str(row.available_to)}
            zh, en = f"约定期限超出{zh}的可用日期", f"the days agreed lie outside those of {en}"
            raise RuleBroken("outside_posting", zh, en, **facts, **days)


def _begins_after(row: Output | CapacityWindow, first: date) -> bool:
    return row.available_from is not None and first < row.available_from


def _ends_before(row: Output | CapacityWindow, last: date) -> bool:
    return row.available_to is not None and row.available_to < last


def _check_days(checks: Checks, terms: Terms, today: date) -> None:
    if not isinstance(terms.valid_from, date) or not isinstance(terms.valid_to, date) or checks.problems:
        return
    if terms.valid_to < today:
        checks.refuse("valid_to", "over", terms.valid_to, "期限已过", "the last day is over")
    if terms.valid_to.year > LAST_YEAR:
        zh, en = f"不得晚于 {LAST_YEAR} 年", f"not after {LAST_YEAR}"
        checks.refuse("valid_to", "out_of_range", terms.valid_to, zh, en)
