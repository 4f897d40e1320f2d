"""What a generator's own waste did at its site, by day: stock at the end of a day, generation in a period.

Read from the moves alone. Waste of others that a collector's site holds is not the site's own.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from circularity.ledger.mass import MassAccount, MassGroup, MassMove
from circularity.organisations import Site

AT_SITE = ("on_site", "reserved")
"""Kinds that are still at the site: what waits for its pick-up is in stock until it leaves."""


def stock_on(session: Session, site: Site, waste_code: str, day: date, vintage: int | None = None) -> int:
    """Return the kg of a site's own waste that were there at the end of a day, of one vintage or of all."""
    wanted: ColumnElement[bool] = MassGroup.on_day <= day
    if vintage is not None:
        wanted &= MassAccount.vintage == vintage
    return _net_kg(session, site, waste_code, AT_SITE, wanted)


def generated_between(
    session: Session, site: Site, waste_code: str, first: date, last: date, vintage: int | None = None
) -> int:
    """Return the kg booked as generated on the days of a closed interval, reversals taken off."""
    wanted: ColumnElement[bool] = MassGroup.on_day.between(first, last)
    if vintage is not None:
        wanted &= MassAccount.vintage == vintage
    return -_net_kg(session, site, waste_code, ("generated",), wanted)


def surveyed_between(session: Session, site: Site, waste_code: str, first: date, last: date) -> int:
    """Return the kg that surveys added on those days, opening stock included; negative: missing."""
    wanted = MassGroup.on_day.between(first, last) & MassGroup.event.in_(("stock.opened", "stock.surveyed"))
    return _net_kg(session, site, waste_code, AT_SITE, wanted)


def _net_kg(
    session: Session, site: Site, waste_code: str, kinds: tuple[str, ...], wanted: ColumnElement[bool]
) -> int:
    """Return what came into a site's own accounts of those kinds, less what left them, kg."""
    came, went = (_sum(session, side, site, waste_code, kinds, wanted) for side in _SIDES)
    return came - went


_SIDES = (MassMove.target_id, MassMove.source_id)


def _sum(
    session: Session,
    side: Any,
    site: Site,
    waste_code: str,
    kinds: tuple[str, ...],
    wanted: ColumnElement[bool],
) -> int:
    total = session.scalar(
        select(func.sum(MassMove.mass_kg))
        .join(MassAccount, side == MassAccount.id)
        .join(MassGroup, MassMove.group_id == MassGroup.id)
        .where(
            MassAccount.origin_site_id == site.id,
            MassAccount.holder_site_id == site.id,
            MassAccount.waste_code == waste_code,
            MassAccount.kind.in_(kinds),
            wanted,
        )
    )
    return int(total or 0)
