"""What the two sides of an agreement owe each other, month by month: settled mass times the agreed price.

A statement is reckoned anew from the receipts each time and is no invoice: a corrected weight changes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circularity.custody.manifests import LineAgreement, Transfer, TransferLine
from circularity.custody.reception import Receipt
from circularity.deals.contract import Agreement
from circularity.deals.prices import price_owed_fen

Month = tuple[int, int]
"""Year and month."""

_TAKEN = ("accepted", "partly_accepted")


@dataclass(frozen=True, slots=True)
class MonthOwed:
    """The loads of one month: how many, what was sent of them, accepted and settled, kg.

    `owed_fen` is what the receiver owes, negative when the sender pays; None without a price, or where a
    formula lacks its `quotation`. A load counts in the month of its last day.
    """

    year: int
    month: int
    loads: int
    sent_kg: int
    accepted_kg: int
    settled_kg: int
    quotation: int | None
    owed_fen: int | None


def statement(
    session: Session, agreement: Agreement, quotations: Mapping[Month, int] | None = None
) -> list[MonthOwed]:
    """Return the months in which loads were accepted under an agreement, the earliest first.

    `quotations` are those of a formula's index, by month, in the unit of its reference. A stepped price
    counts from the first load of the deal on; each month is rounded to fen once.
    """
    found: list[MonthOwed] = []
    settled_before_kg = 0
    for (year, month), rows in groupby(_loads(session, agreement), key=lambda load: load.month):
        loads = list(rows)
        settled_kg = sum(load.settled_kg for load in loads)
        quotation = (quotations or {}).get((year, month))
        owed = MonthOwed(
            year,
            month,
            len(loads),
            sum(load.sent_kg for load in loads),
            sum(load.accepted_kg for load in loads),
            settled_kg,
            quotation,
            price_owed_fen(agreement.offer, settled_kg, settled_before_kg, quotation),
        )
        found.append(owed)
        settled_before_kg += settled_kg
    return found


class _Load(NamedTuple):
    """One line that was accepted."""

    month: Month
    sent_kg: int
    accepted_kg: int
    settled_kg: int


def _loads(session: Session, agreement: Agreement) -> list[_Load]:
    """Return each line that was accepted, in the order of days."""
    of_line = func.coalesce(LineAgreement.agreement_id, Transfer.agreement_id)
    rows = session.execute(
        select(Transfer.day_to, TransferLine.sent_kg, Receipt.accepted_kg, Receipt.settled_kg)
        .join(TransferLine, Receipt.line_id == TransferLine.id)
        .join(Transfer, TransferLine.transfer_id == Transfer.id)
        .outerjoin(LineAgreement, LineAgreement.line_id == TransferLine.id)
        .where(of_line == agreement.id, Receipt.verdict.in_(_TAKEN), Transfer.status != "cancelled")
        .order_by(Transfer.day_to, Transfer.id, TransferLine.number)
    )
    return [_Load((day.year, day.month), sent, accepted, settled) for day, sent, accepted, settled in rows]
