"""What a month of a generator's ledger comes to: stock before, what came, what went, stock after."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.ledger.months import LedgerMonth
from circularity.ledger.site_stock import figures_of, generation, stock_at_end_of, surveys
from circularity.organisations import Site


@dataclass(frozen=True, slots=True)
class MonthBalance:
    """One month of one waste at one site, kg.

    `booked_kg` is the part of `generated_kg` that transfers and treatments have booked; `sent_kg` what
    left on transfers less what came back; `surveyed_kg` what surveys added, negative when they missed some.
    `closing_kg` is the stock that the books come to, `stored_kg` the one that was written.
    """

    opening_kg: int
    surveyed_kg: int
    generated_kg: int
    booked_kg: int
    used_kg: int
    discarded_kg: int
    sent_kg: int
    closing_kg: int
    stored_kg: int

    @property
    def difference_kg(self) -> int:
        """What is written beyond what the books come to; a month with any cannot be closed."""
        return self.stored_kg - self.closing_kg


def days_of(year: int, month: int) -> tuple[date, date]:
    """Return the first and the last day of a calendar month."""
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def month_days(month: LedgerMonth) -> tuple[date, date]:
    """Return the first and the last day of a month of the ledger."""
    return days_of(month.year, month.month)


def reckoned_stock(
    session: Session, site: Site, waste_code: str, year: int, month: int, change_kg: int
) -> int:
    """Return the stock at the end of a month that generates `change_kg` more than it uses and discards.

    Months before it that are written and still open count as if they were closed.
    """
    first, last = days_of(year, month)
    figures = [generation(first, last, year), stock_at_end_of(last)]
    generated_kg, stock_kg = figures_of(session, site, waste_code, figures)
    return stock_kg + _pending(session, site, waste_code, first) + change_kg + generated_kg


def month_balance(session: Session, month: LedgerMonth) -> MonthBalance:
    """Return the balance of a month: as it stands, or as closing an open one would make it."""
    first, last = month_days(month)
    before = stock_at_end_of(first - timedelta(days=1))
    figures = [before, generation(first, last, month.year), stock_at_end_of(last), surveys(first, last)]
    found = figures_of(session, month.site, month.waste_code, figures)
    opening_kg, booked_kg, closing_kg, surveyed_kg = found[0], -found[1], found[2], found[3]
    used_kg = sum(use.mass_kg for use in month.uses)
    if month.status != "closed":
        pending_kg = _pending(session, month.site, month.waste_code, first)
        opening_kg += pending_kg
        closing_kg += pending_kg + month.generated_kg - used_kg - month.discarded_kg - booked_kg
    came_kg = opening_kg + surveyed_kg + month.generated_kg
    return MonthBalance(
        opening_kg=opening_kg,
        surveyed_kg=surveyed_kg,
        generated_kg=month.generated_kg,
        booked_kg=booked_kg,
        used_kg=used_kg,
        discarded_kg=month.discarded_kg,
        sent_kg=came_kg - used_kg - month.discarded_kg - closing_kg,
        closing_kg=closing_kg,
        stored_kg=month.stored_kg,
    )


def _pending(session: Session, site: Site, waste_code: str, before: date) -> int:
    """Return what open months before a day would add to the stock, kg."""
    number = LedgerMonth.year * 12 + LedgerMonth.month
    months = session.scalars(
        select(LedgerMonth)
        .filter_by(site_id=site.id, waste_code=waste_code, status="open")
        .where(number < before.year * 12 + before.month)
    )
    written = months.all()
    figures = [generation(*month_days(month), month.year) for month in written]
    booked_kg = -sum(figures_of(session, site, waste_code, figures))
    changes = (
        month.generated_kg - month.discarded_kg - sum(use.mass_kg for use in month.uses) for month in written
    )
    return sum(changes) - booked_kg
