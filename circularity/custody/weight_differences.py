"""Two weights of one load that lie further apart than its way of metering lets expect.

What dried off on the way, where both sides measured the moisture, is no difference. The tolerances are
settings of the platform, by metering and stream, and never law (`catalogue/tolerances`).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from circularity.catalogue.tolerances import Tolerance, all_tolerances, tolerance
from circularity.custody.manifests import Transfer, TransferLine
from circularity.custody.reception import Receipt
from circularity.custody.settlement import difference
from circularity.units import divide_half_up


@dataclass(frozen=True, slots=True)
class WeightDifference:
    """What a receiver weighed beyond (below zero: short of) what left, water that dried off put back, kg."""

    receipt: Receipt
    unexplained_kg: int
    moisture_kg: int
    allowed: Tolerance
    judged: str

    @property
    def permille(self) -> int:
        """The difference in ‰ of what was sent, for showing; `judged` compares exactly."""
        return divide_half_up(abs(self.unexplained_kg) * 1000, self.receipt.line.sent_kg)


def weight_difference(receipt: Receipt) -> WeightDifference:
    """Compare the two weights of one receipt; `judged` is `within`, `warn` or `report`."""
    line = receipt.line
    found = difference(
        line.sent_kg, receipt.received_kg, line.sent_moisture_permille, receipt.moisture_permille
    )
    allowed = tolerance(line.transfer.metering, line.waste_code, receipt.received_on)
    unexplained_kg = found.over_kg - found.short_kg
    judged = allowed.judge(line.sent_kg, line.sent_kg + unexplained_kg)
    return WeightDifference(receipt, unexplained_kg, found.moisture_kg, allowed, judged)


def weight_differences(session: Session, seen: ColumnElement[bool]) -> list[WeightDifference]:
    """Return those beyond their tolerance of the transfers that a party may know of, the newest first."""
    least = min(row.warn_permille for row in all_tolerances())
    off_kg = func.abs(Receipt.received_kg - TransferLine.sent_kg)
    apart = off_kg * 1000 > least * TransferLine.sent_kg
    heavy = [row.report_kg for row in all_tolerances() if row.report_kg is not None]
    receipts = session.scalars(
        select(Receipt)
        .join(TransferLine, Receipt.line_id == TransferLine.id)
        .join(Transfer, TransferLine.transfer_id == Transfer.id)
        .where(seen, Receipt.decided_at.is_not(None))
        .where(apart | (off_kg > min(heavy)) if heavy else apart)
        .options(joinedload(Receipt.line).joinedload(TransferLine.transfer))
        .order_by(Receipt.received_on.desc(), Receipt.id.desc())
    )
    found = map(weight_difference, receipts)
    return [each for each in found if each.judged != "within"]
