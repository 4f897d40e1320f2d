"""What the registry holds in all, and where its plants stand: the figures of an overview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from circularity.organisations import Organisation
from circularity.registry.entitlements import CapacityWindow, Entitlement, EntitlementLine, Facility
from circularity.registry.outputs import Output, not_over
from circularity.whitelist import WhitelistEntry


def map_points(
    session: Session, limit: int, *, on: date, heaviest_first: bool = False
) -> Sequence[tuple[Facility, int]]:
    """Return up to `limit` facilities that offer something from a day on, with the kg they offer."""
    offered = func.sum(CapacityWindow.offered_kg)
    rows = session.execute(
        select(Facility, offered)
        .join(Facility.entitlements)
        .join(Entitlement.lines)
        .join(EntitlementLine.windows)
        .where(_still_offered(on))
        .group_by(Facility.id)
        .order_by(*([offered.desc()] if heaviest_first else []), Facility.id)
        .options(joinedload(Facility.site))
        .limit(limit)
    )
    return [(facility, int(mass)) for facility, mass in rows]


@dataclass(frozen=True)
class Stock:
    """How much stands in the registry: outputs and their kg, facilities, kg offered, whitelist entries."""

    outputs: int
    posted_kg: int
    facilities: int
    offered_kg: int
    whitelist_entries: int


def stock(session: Session, on: date) -> Stock:
    """Return the totals of what stands in the registry on a day."""
    outputs, posted = session.execute(
        select(func.count(), func.coalesce(func.sum(Output.mass_kg), 0)).where(not_over(on))
    ).one()
    offered = select(func.coalesce(func.sum(CapacityWindow.offered_kg), 0))
    return Stock(
        outputs=outputs,
        posted_kg=int(posted),
        facilities=session.scalar(select(func.count()).select_from(Facility)) or 0,
        offered_kg=int(session.scalar(offered.where(_still_offered(on))) or 0),
        whitelist_entries=session.scalar(
            select(func.count()).select_from(WhitelistEntry).where(WhitelistEntry.status == "listed")
        )
        or 0,
    )


def _still_offered(on: date) -> ColumnElement[bool]:
    ends = CapacityWindow.available_to
    return CapacityWindow.withdrawn_at.is_(None) & (ends.is_(None) | (ends >= on))


def has_fiction(session: Session) -> bool:
    """Tell whether any party is fictional, so that every page says so."""
    return session.scalar(select(Organisation.id).where(Organisation.fictional).limit(1)) is not None


def has_real_parties(session: Session) -> bool:
    """Tell whether any party is real, so that what its owner has not published stays closed."""
    return session.scalar(select(Organisation.id).where(~Organisation.fictional).limit(1)) is not None
