"""What the registry holds in all, and where its plants stand: the figures of an overview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from circularity.disclosure import may_be_told
from circularity.organisations import Organisation, Site
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
    """How much stands in the registry: outputs and their kg, facilities, kg offered, whitelist entries.

    A sum may be published where `…_told` (see `circularity.disclosure`), else its band.
    """

    outputs: int
    posted_kg: int
    posted_told: bool
    facilities: int
    offered_kg: int
    offered_told: bool
    whitelist_entries: int


def stock(session: Session, on: date) -> Stock:
    """Return the totals of what stands in the registry on a day."""
    wanted = select(Site.organisation_id, func.count(), func.sum(Output.mass_kg)).join(Output.site)
    posted = session.execute(wanted.where(not_over(on)).group_by(Site.organisation_id)).all()
    posted_shares = {organisation: int(kg) for organisation, _, kg in posted}
    offered_shares = _offered_by_organisation(session, on)
    return Stock(
        outputs=sum(number for _, number, _ in posted),
        posted_kg=sum(posted_shares.values()),
        posted_told=may_be_told(posted_shares),
        facilities=session.scalar(select(func.count()).select_from(Facility)) or 0,
        offered_kg=sum(offered_shares.values()),
        offered_told=may_be_told(offered_shares),
        whitelist_entries=session.scalar(
            select(func.count()).select_from(WhitelistEntry).where(WhitelistEntry.status == "listed")
        )
        or 0,
    )


def _offered_by_organisation(session: Session, on: date) -> dict[int, int]:
    wanted = (
        select(Site.organisation_id, func.sum(CapacityWindow.offered_kg))
        .join(CapacityWindow.line)
        .join(EntitlementLine.entitlement)
        .join(Entitlement.facility)
        .join(Facility.site)
        .where(_still_offered(on))
        .group_by(Site.organisation_id)
    )
    return {organisation: int(kg) for organisation, kg in session.execute(wanted)}


def _still_offered(on: date) -> ColumnElement[bool]:
    ends = CapacityWindow.available_to
    return CapacityWindow.withdrawn_at.is_(None) & (ends.is_(None) | (ends >= on))


def has_fiction(session: Session) -> bool:
    """Tell whether any party is fictional, so that every page says so."""
    return session.scalar(select(Organisation.id).where(Organisation.fictional).limit(1)) is not None


def has_real_parties(session: Session) -> bool:
    """Tell whether any party is real, so that what its owner has not published stays closed."""
    return session.scalar(select(Organisation.id).where(~Organisation.fictional).limit(1)) is not None
