"""What a generator's own waste did at its site, by day: stock at the end of a day, generation in a period.

Read from the moves alone. Waste of others that a collector's site holds is not the site's own. However many
figures are wanted, they are asked in one statement, which reads the site's moves once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select, union_all
from sqlalchemy.orm import Session

from circularity.ledger.mass import MassAccount, MassGroup, MassMove
from circularity.organisations import Site

AT_SITE = ("on_site", "reserved")
"""Kinds that are still at the site: what waits for its pick-up is in stock until it leaves."""

_SURVEYS = ("stock.opened", "stock.surveyed")


@dataclass(frozen=True, slots=True)
class Figure:
    """What came into a site's own accounts of some kinds less what left them, on the days of an interval.

    `vintage` None: of all years; `events` empty: of every event.
    """

    kinds: tuple[str, ...]
    first: date
    last: date
    vintage: int | None = None
    events: tuple[str, ...] = ()


def stock_at_end_of(day: date, vintage: int | None = None) -> Figure:
    """The kg of a site's own waste that were there at the end of a day, of one vintage or of all."""
    return Figure(AT_SITE, date.min, day, vintage)


def generation(first: date, last: date, vintage: int | None = None) -> Figure:
    """The kg booked as generated on the days of a closed interval, reversals taken off; below zero."""
    return Figure(("generated",), first, last, vintage)


def surveys(first: date, last: date) -> Figure:
    """The kg that surveys added on those days, opening stock included; negative: missing."""
    return Figure(AT_SITE, first, last, events=_SURVEYS)


def figures_of(session: Session, site: Site, waste_code: str, figures: Sequence[Figure]) -> list[int]:
    """Return each figure of a site's own waste, kg, in their order."""
    if not figures:
        return []
    shape = tuple((figure.kinds, figure.vintage is not None, figure.events) for figure in figures)
    values: dict[str, Any] = {"site": site.id, "waste_code": waste_code}
    for k, figure in enumerate(figures):
        values |= {f"first_{k}": figure.first, f"last_{k}": figure.last}
        if figure.vintage is not None:
            values[f"vintage_{k}"] = figure.vintage
    return [int(kg) for kg in session.execute(_statement(shape), values).one()]


def stock_on(session: Session, site: Site, waste_code: str, day: date, vintage: int | None = None) -> int:
    """Return the kg of a site's own waste that were there at the end of a day, of one vintage or of all."""
    return figures_of(session, site, waste_code, [stock_at_end_of(day, vintage)])[0]


def generated_between(
    session: Session, site: Site, waste_code: str, first: date, last: date, vintage: int | None = None
) -> int:
    """Return the kg booked as generated on the days of a closed interval, reversals taken off."""
    return -figures_of(session, site, waste_code, [generation(first, last, vintage)])[0]


@dataclass(frozen=True, slots=True)
class Stock:
    """What a site has of its own waste of one year now, kg; `reserved_kg` of it waits for a pick-up."""

    site: Site
    waste_code: str
    vintage: int
    mass_kg: int
    reserved_kg: int


def stocks_now(session: Session, sites: Select[Any]) -> list[Stock]:
    """Return what sites (a selection of keys) have of their own waste, by site, waste and year."""
    account, waits = MassAccount, MassAccount.kind == "reserved"
    key = (account.origin_site_id, account.waste_code, account.vintage)
    mass, reserved = func.sum(account.balance_kg), func.sum(account.balance_kg).filter(waits)
    found = (
        select(*key, mass.label("mass_kg"), func.coalesce(reserved, 0).label("reserved_kg"))
        .where(account.kind.in_(AT_SITE), account.origin_site_id == account.holder_site_id)
        .where(account.origin_site_id.in_(sites))
        .group_by(*key)
        .having(mass > 0)
        .subquery()
    )
    rows = session.execute(
        select(Site, found)
        .join(found, Site.id == found.c.origin_site_id)
        .order_by(Site.id, found.c.waste_code, found.c.vintage)
    )
    return [
        Stock(row.Site, row.waste_code, row.vintage, int(row.mass_kg), int(row.reserved_kg)) for row in rows
    ]


@lru_cache(maxsize=64)
def _statement(shape: tuple[tuple[tuple[str, ...], bool, tuple[str, ...]], ...]) -> Select[Any]:
    """Return the statement for figures of these kinds, by vintage or not, of these events."""
    kinds = sorted({kind for wanted, _, _ in shape for kind in wanted})
    moves = union_all(_moves(MassMove.target_id, 1, kinds), _moves(MassMove.source_id, -1, kinds)).subquery()
    sums = []
    for k, (wanted, by_vintage, events) in enumerate(shape):
        counts = moves.c.kind.in_(wanted) & moves.c.on_day.between(
            bindparam(f"first_{k}", type_=MassGroup.on_day.type),
            bindparam(f"last_{k}", type_=MassGroup.on_day.type),
        )
        if by_vintage:
            counts &= moves.c.vintage == bindparam(f"vintage_{k}")
        if events:
            counts &= moves.c.event.in_(events)
        sums.append(func.coalesce(func.sum(moves.c.kg).filter(counts), 0))
    return select(*sums)


def _moves(side: Any, sign: int, kinds: Sequence[str]) -> Select[str, int, date, str, int]:
    """Return the moves into or out of a site's own accounts of these kinds, signed."""
    return (
        select(
            MassAccount.kind,
            MassAccount.vintage,
            MassGroup.on_day,
            MassGroup.event,
            (sign * MassMove.mass_kg).label("kg"),
        )
        .join(MassAccount, side == MassAccount.id)
        .join(MassGroup, MassMove.group_id == MassGroup.id)
        .where(
            MassAccount.origin_site_id == bindparam("site"),
            MassAccount.holder_site_id == bindparam("site"),
            MassAccount.waste_code == bindparam("waste_code"),
            MassAccount.kind.in_(kinds),
        )
    )
