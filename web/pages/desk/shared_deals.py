"""Agreements that one load can deliver on: those between the same site and facility, by waste."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from circularity.custody.manifests import TransferLine
from circularity.deals.agreements import in_force
from circularity.deals.contract import Agreement
from web.today import today


def deals_of_pair(
    session: Session, main: Agreement, lines: Iterable[TransferLine] = ()
) -> list[list[Agreement]]:
    """Return by waste, the main agreement's first, the agreements to choose from, the likeliest first.

    That is the one that a drafted line is on, then the main one, then one that holds today and has mass left
    before one that does not, the newest first.
    """
    others = session.scalars(
        select(Agreement)
        .filter_by(site_id=main.site_id, facility_id=main.facility_id, status="agreed")
        .options(selectinload(Agreement.offers))
    )
    likely = sorted(others, key=lambda row: (_delivers(session, row), row.id), reverse=True)
    of_waste: dict[str, dict[int, Agreement]] = {main.waste_code: {}}
    for agreement in (*(line.agreement for line in lines), main, *likely):
        of_waste.setdefault(agreement.waste_code, {}).setdefault(agreement.id, agreement)
    codes = [main.waste_code, *sorted(of_waste.keys() - {main.waste_code})]
    return [list(of_waste[code].values()) for code in codes]


def _delivers(session: Session, agreement: Agreement) -> bool:
    return in_force(session, agreement, today()) and agreement.shipped_kg < agreement.offer.mass_kg
