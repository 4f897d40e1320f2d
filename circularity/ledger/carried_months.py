"""A month carried from what the platform knows of it: its transfers and treatments, with nothing typed.

It is the whole truth only where all of a waste leaves on transfers. So it comes in open: who also used some
on its own site, or entrusted it outside, writes it anew before closing it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.audit import Actor
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.ledger.generator_months import write_month
from circularity.ledger.month_balances import days_of, reckoned_stock
from circularity.ledger.months import LedgerMonth
from circularity.ledger.site_stock import figures_of, generation
from circularity.organisations import Site


def carry_month(
    session: Session, *, actor: Actor, at: datetime, site: Site, waste_code: str, year: int, month: int
) -> LedgerMonth:
    """Write a month from the ledger: generated is what was booked as such, stored what the books then have.

    Raises BadInput for malformed values, RuleBroken `month_written` where one stands already.
    """
    checks = Checks("ledger_month")
    key: dict[str, Any] = {
        "waste_code": checks.waste_code("waste_code", waste_code),
        "year": checks.whole("year", year, 2000, 2200),
        "month": checks.whole("month", month, 1, 12),
    }
    checks.finish()
    standing = select(LedgerMonth.id).filter_by(site_id=site.id, **key)
    if session.scalar(standing.where(LedgerMonth.status.in_(("open", "closed")))) is not None:
        zh, en = "该月台账已填写", "this month is written already"
        raise RuleBroken("month_written", zh, en, field="month", **key)
    first, last = days_of(year, month)
    booked_kg = -figures_of(session, site, key["waste_code"], [generation(first, last, year)])[0]
    return write_month(
        session,
        actor=actor,
        at=at,
        site=site,
        **key,
        generated_kg=booked_kg,
        uses=(),
        discarded_kg=0,
        stored_kg=reckoned_stock(session, site, waste_code, year, month, booked_kg),
        source="carried",
    )
