"""What a facility offers, what deals hold of it, and what is left of the limits above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from circularity.deals.ceilings import Ceiling
from circularity.deals.reservations import left_kg
from circularity.organisations import Organisation, Site
from circularity.party_listings import facilities_seen
from circularity.registry.entitlements import CapacityWindow, Entitlement, EntitlementLine, Facility


@dataclass(frozen=True, slots=True)
class Offered:
    """One window and what deals hold of it, kg; what is left of it is never below zero."""

    window: CapacityWindow
    held_kg: int

    @property
    def left_kg(self) -> int:
        """What no deal holds."""
        return max(self.window.offered_kg - self.held_kg, 0)


@dataclass(frozen=True, slots=True)
class OwnLine:
    """One line with its windows that stand, and what its limits leave for this year; None = no limit."""

    line: EntitlementLine
    windows: Sequence[Offered]
    left_this_year_kg: int | None


def own_facilities(organisation: Organisation, side: str, only: frozenset[str]) -> Select[Facility]:
    """Select a party's own facilities, or those of an authority's region, with all that entitles them."""
    lines = selectinload(Facility.entitlements).selectinload(Entitlement.lines)
    return (
        select(Facility)
        .join(Facility.site)
        .where(Facility.id.in_(facilities_seen(organisation, side, only)))
        .options(joinedload(Facility.site), lines.selectinload(EntitlementLine.limits))
        .options(lines.selectinload(EntitlementLine.windows))
        .order_by(Site.id, Facility.id)
    )


def windows_seen(organisation: Organisation, side: str, only: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition for windows of those facilities."""
    lines = (
        select(EntitlementLine.id)
        .join(EntitlementLine.entitlement)
        .where(Entitlement.facility_id.in_(facilities_seen(organisation, side, only)))
    )
    return CapacityWindow.line_id.in_(lines)


def lines_of(session: Session, facility: Facility, on: date) -> list[OwnLine]:
    """Return the lines of a facility with what they offer from a day on and what is left of their limits."""
    lines = [line for entitlement in facility.entitlements for line in entitlement.lines]
    standing = {line.id: [window for window in line.windows if _stands(window, on)] for line in lines}
    held = held_of_windows_kg(session, [window.id for found in standing.values() for window in found])
    return [
        OwnLine(
            line,
            [Offered(window, held.get(window.id, 0)) for window in standing[line.id]],
            left_of_line_kg(session, line, on.year),
        )
        for line in lines
    ]


def left_of_line_kg(session: Session, line: EntitlementLine, year: int) -> int | None:
    """Return what deals and receipts outside leave of a year's limits above a line, kg; None = no limit."""
    entitlement = line.entitlement
    left = [
        left_kg(session, "line", line, year),
        *(left_kg(session, "group", group, year) for group in line.groups),
        left_kg(session, "entitlement", entitlement, year),
        left_kg(session, "facility", entitlement.facility, year),
    ]
    return min((kg for kg in left if kg is not None), default=None)


def held_of_windows_kg(session: Session, keys: Sequence[int]) -> dict[int, int]:
    """Return what deals have reserved and committed of windows, kg by key."""
    taken = (Ceiling.reserved_kg + Ceiling.committed_kg).label("taken_kg")
    wanted = select(Ceiling.subject_id, taken).where(Ceiling.kind == "window", Ceiling.subject_id.in_(keys))
    return {row.subject_id: row.taken_kg for row in session.execute(wanted)}


def _stands(window: CapacityWindow, on: date) -> bool:
    return window.withdrawn_at is None and (window.available_to is None or window.available_to >= on)
