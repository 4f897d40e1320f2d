"""What is in the books of a closed month stays as it was signed: nothing is booked into it afterwards."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.errors import RuleBroken
from circularity.ledger.months import LedgerMonth


def require_open(session: Session, site_id: int, waste_code: str, day: date, **facts: str) -> None:
    """Refuse what would change a site's stock of a waste on a day of a closed month, or before one.

    Raises RuleBroken `month_closed`: the month is reversed first, and closed anew after.
    """
    closed = session.scalar(
        select(LedgerMonth)
        .filter_by(site_id=site_id, waste_code=waste_code, status="closed")
        .where(LedgerMonth.year * 12 + LedgerMonth.month >= day.year * 12 + day.month)
        .order_by(LedgerMonth.year, LedgerMonth.month)
        .limit(1)
    )
    if closed is not None:
        name = f"{closed.year:04d}-{closed.month:02d}"
        zh = f"{waste_code} 的 {name} 台账已结账：请产生单位先冲销该月，再记 {day} 的账"
        en = f"the month {name} of {waste_code} is closed: its generator reverses it before {day} is booked"
        raise RuleBroken("month_closed", zh, en, month=name, day=day.isoformat(), **facts)
