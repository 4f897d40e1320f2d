"""What the national forms are filled from: months that stand, lines that left."""

from __future__ import annotations

from datetime import date

from sqlalchemy import extract, select, true
from sqlalchemy.orm import Session

from circularity.calendar_days import delta_day
from circularity.catalogue.waste_types import find
from circularity.custody.manifests import Transfer, TransferLine
from circularity.ledger.months import LedgerMonth
from circularity.organisations import Site

_STILL_HERE = ("draft", "submitted", "cancelled")


def months_of(session: Session, site: Site, year: int, month: int | None = None) -> list[LedgerMonth]:
    """Return the months of a site that stand, in their order; `month` narrows them to one."""
    return list(
        session.scalars(
            select(LedgerMonth)
            .filter_by(site_id=site.id, year=year)
            .where(LedgerMonth.status.in_(("open", "closed")))
            .where(true() if month is None else LedgerMonth.month == month)
            .order_by(LedgerMonth.month, LedgerMonth.waste_code)
        )
    )


def departed_lines(session: Session, site: Site, year: int, month: int | None = None) -> list[TransferLine]:
    """Return the lines that left a site in a year or one of its months, in the order of their days."""
    return list(
        session.scalars(
            select(TransferLine)
            .join(TransferLine.transfer)
            .where(
                Transfer.sender_site_id == site.id,
                Transfer.status.not_in(_STILL_HERE)
                | (Transfer.metering != "trip") & (Transfer.status == "submitted"),
                extract("year", Transfer.day_to) == year,
                true() if month is None else extract("month", Transfer.day_to) == month,
            )
            .order_by(Transfer.day_to, Transfer.id, TransferLine.number)
        )
    )


def waste_columns(code: str, on: date) -> dict[str, str]:
    """Return the columns that name a waste."""
    return {"代码": code, "名称": find(code, on).name_zh}


def left_on(line: TransferLine) -> date:
    """Return the day a line left: of the pick-up, or the last of a sheet."""
    transfer = line.transfer
    if transfer.lifecycle == "transfer" and transfer.picked_up_at is not None:
        return delta_day(transfer.picked_up_at)
    return transfer.day_to
