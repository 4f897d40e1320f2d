"""What the registry holds in all, and where its plants stand: the figures of an overview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from circularity.organisations import Organisation
from circularity.registry.entitlements import CapacityWindow, Entitlement, EntitlementLine, Facility
from circularity.registry.outputs import Output
from circularity.whitelist import WhitelistEntry


def map_points(
    session: Session, limit: int, *, heaviest_first: bool = False
) -> Sequence[tuple[Facility, int]]:
    """Return up to `limit` facilities that offer something with the kg they offer."""
    offered = func.sum(CapacityWindow.offered_kg)
    rows = session.execute(
        select(Facility, offered)
        .join(Facility.entitlements)
        .join(Entitlement.lines)
        .join(EntitlementLine.windows)
        .where(CapacityWindow.withdrawn_at.is_(None))
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


def stock(session: Session) -> Stock:
    """Return the registry's totals."""
    standing = Output.withdrawn_at.is_(None)
    outputs, posted = session.execute(
        select(func.count(), func.coalesce(func.sum(Output.mass_kg), 0)).where(standing)
    ).one()
    offered = select(func.coalesce(func.sum(CapacityWindow.offered_kg), 0))
    return Stock(
        outputs=outputs,
        posted_kg=int(posted),
        facilities=session.scalar(select(func.count()).select_from(Facility)) or 0,
        offered_kg=int(session.scalar(offered.where(CapacityWindow.withdrawn_at.is_(None))) or 0),
        whitelist_entries=session.scalar(
            select(func.count()).select_from(WhitelistEntry).where(WhitelistEntry.status == "listed")
        )
        or 0,
    )


def has_fiction(session: Session) -> bool:
    """Tell whether any party is fictional, so that every page says so."""
    return session.scalar(select(Organisation.id).where(Organisation.fictional).limit(1)) is not None


def has_real_parties(session: Session) -> bool:
    """Tell whether any party is real, so that what its owner has not published stays closed."""
    return session.scalar(select(Organisation.id).where(~Organisation.fictional).limit(1)) is not None
