"""What two weighings of one load come to: what is owed for, what was water, what nobody can explain.

Both weights stay as they were weighed. `divide_half_up` is the only rounding, once per figure.
"""

from __future__ import annotations

from dataclasses import dataclass

from circularity.custody.manifests import TransferLine
from circularity.custody.reception import Receipt
from circularity.deals.contract import Agreement
from circularity.errors import RuleBroken
from circularity.units import divide_half_up

_WHOLE = 1000


@dataclass(frozen=True, slots=True)
class Difference:
    """How received and sent weight differ, kg: `sent + over - moisture - short = received`."""

    over_kg: int
    moisture_kg: int
    short_kg: int


def dry_kg(mass_kg: int, moisture_permille: int) -> int:
    """Return the dry substance of a wet mass, kg."""
    return divide_half_up(mass_kg * (_WHOLE - moisture_permille), _WHOLE)


def at_moisture_kg(mass_kg: int, moisture_permille: int, reference_permille: int) -> int:
    """Return the mass that the same dry substance has at another moisture, kg.

    Raises RuleBroken `no_dry_substance` for a reference of pure water.
    """
    if reference_permille >= _WHOLE:
        zh, en = "基准含水率须小于 100%", "the reference moisture must be below 100 %"
        raise RuleBroken("no_dry_substance", zh, en, field="reference_moisture_permille")
    return divide_half_up(mass_kg * (_WHOLE - moisture_permille), _WHOLE - reference_permille)


def difference(
    sent_kg: int, received_kg: int, sent_permille: int | None, received_permille: int | None
) -> Difference:
    """Tell water that dried off on the way from what is short or over.

    Without both moistures, or where the load got wetter, nothing is said to have dried.
    """
    dried_kg = 0
    if sent_permille is not None and received_permille is not None and received_permille < _WHOLE:
        dried_kg = max(0, sent_kg - at_moisture_kg(sent_kg, sent_permille, received_permille))
    unexplained_kg = received_kg + dried_kg - sent_kg
    return Difference(max(0, unexplained_kg), dried_kg, max(0, -unexplained_kg))


def settled_kg(agreement: Agreement, line: TransferLine, receipt: Receipt) -> int:
    """Return the kg owed for: the accepted part of the weight that settles, at the reference moisture if any.

    Raises RuleBroken `moisture_missing` when the agreement settles dry and that side measured none.
    """
    offer = agreement.offer
    if offer.settles == "sent":
        weight_kg, moisture = line.sent_kg, line.sent_moisture_permille
    else:
        weight_kg, moisture = receipt.received_kg, receipt.moisture_permille
    if not receipt.received_kg:
        return 0
    wet_kg = divide_half_up(weight_kg * receipt.accepted_kg, receipt.received_kg)
    if offer.reference_moisture_permille is None:
        return wet_kg
    if moisture is None:
        zh = f"协议 {agreement.number} 按含水率折算，需填写含水率"
        en = f"agreement {agreement.number} settles at a reference moisture, so the moisture is needed"
        raise RuleBroken("moisture_missing", zh, en, field="moisture_permille", side=offer.settles)
    return at_moisture_kg(wet_kg, moisture, offer.reference_moisture_permille)
