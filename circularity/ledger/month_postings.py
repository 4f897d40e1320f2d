"""What closing a month moves in the mass ledger, and what must be carried before a closed one is reversed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from circularity.errors import RuleBroken
from circularity.ledger import groups
from circularity.ledger.balances import balance, held
from circularity.ledger.mass import MassAccount, MassGroup, MassMove
from circularity.ledger.month_balances import MonthBalance, month_days
from circularity.ledger.months import LedgerMonth
from circularity.ledger.postings import Cell, Movement
from circularity.units import format_tonnes


def month_movements(session: Session, month: LedgerMonth, reckoned: MonthBalance) -> list[Movement]:
    """Return the moves of a month: generation not booked yet, or booked too much, then uses, old stock first.

    Raises RuleBroken `carried_more` when more was booked than the month declares and no stock of the year is
    there to stand in, `not_in_stock` when uses and discarded mass go beyond the stock.
    """
    own = Cell(month.site_id, month.waste_code, month.year)
    stock = _stock(session, month)
    missing_kg = month.generated_kg - reckoned.booked_kg
    stock[own] = stock.pop(own, 0) + missing_kg
    if stock[own] < 0:
        raise _carried_more(month, reckoned.booked_kg)
    leg = "generated" if missing_kg > 0 else "taken_back"
    movements = [Movement(leg, own, abs(missing_kg), month.site_id)]
    for use in month.uses:
        movements += _drawn(stock, use.kind, use.mass_kg, month, use.operation)
    return movements + _drawn(stock, "discarded", month.discarded_kg, month)


def carry_what_left(session: Session, month: LedgerMonth, group: MassGroup, at: datetime) -> None:
    """Book as carried what a month generated and no longer has, so that its posting can be taken back."""
    own = Cell(month.site_id, month.waste_code, month.year)
    short_kg = _net_on_site(session, group, month.year) - balance(session, "on_site", own, month.site_id)
    if short_kg > 0:
        carried = Movement("generated", own, short_kg, month.site_id)
        last = month_days(month)[1]
        groups.post(
            session, event="generation.carried", on_day=last, at=at, subject=month, movements=[carried]
        )


def _stock(session: Session, month: LedgerMonth) -> dict[Cell, int]:
    """Return the site's own waste by cell, oldest first, none younger than the month."""
    return {
        cell: kg
        for cell, kg in held(session, "on_site", month.site_id, month.waste_code)
        if cell.origin_site_id == month.site_id and cell.vintage <= month.year
    }


def _drawn(
    stock: dict[Cell, int], kind: str, mass_kg: int, month: LedgerMonth, operation: str = ""
) -> list[Movement]:
    """Take kg from the oldest of the stock."""
    movements = []
    for cell, has_kg in stock.items():
        taken = min(has_kg, mass_kg)
        mass_kg -= taken
        stock[cell] = has_kg - taken
        movements.append(Movement(kind, cell, taken, month.site_id, operation=operation))
    if mass_kg:
        short_t = format_tonnes(mass_kg)
        zh, en = f"利用、处置与丢弃量超出库存 {short_t} 吨", f"uses go {short_t} t beyond the stock"
        raise RuleBroken("not_in_stock", zh, en, kind=kind, short_kg=mass_kg)
    return movements


def _net_on_site(session: Session, group: MassGroup, vintage: int) -> int:
    """Return what a group added to the stock of a year, less what it took from it, kg."""
    source, target = aliased(MassAccount), aliased(MassAccount)
    rows = session.execute(
        select(MassMove.mass_kg, source.kind, target.kind)
        .join(source, MassMove.source_id == source.id)
        .join(target, MassMove.target_id == target.id)
        .where(MassMove.group_id == group.id, source.vintage == vintage)
    )
    return sum(kg * ((to == "on_site") - (start == "on_site")) for kg, start, to in rows)


def _carried_more(month: LedgerMonth, booked_kg: int) -> RuleBroken:
    booked_t, declared_t = format_tonnes(booked_kg), format_tonnes(month.generated_kg)
    zh = f"该月转移和处理已记产生量 {booked_t} 吨，大于申报的 {declared_t} 吨，且无库存可抵"
    en = (
        f"transfers and treatments booked {booked_t} t as generated in this month, more than the "
        f"{declared_t} t declared, and no stock of the year stands in for the difference"
    )
    return RuleBroken("carried_more", zh, en, booked_kg=booked_kg, declared_kg=month.generated_kg)
