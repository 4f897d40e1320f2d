"""Mass of a run between provinces; `circularity.disclosure` says what of it the public may see."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from circularity.catalogue.regions import province_of
from circularity.disclosure import Cell, Key, suppressed
from circularity.organisations import Site
from circularity.registry.entitlements import CapacityWindow, Entitlement, EntitlementLine, Facility
from circularity.registry.outputs import Output
from circularity.runs.stored import MatchingRun, Proposal, in_plan_of


@dataclass(frozen=True, slots=True)
class Crossing:
    """Mass in kg from one province to another or within one; two digits each, or `other`."""

    origin: str
    destination: str
    mass_kg: int


def crossings(session: Session, run: MatchingRun, *, of_few: bool = False) -> list[Crossing]:
    """Return a run's mass by province of origin and destination, heaviest first; `of_few` as for flows."""
    start, end = aliased(Site), aliased(Site)
    keys = (start.region_code, end.region_code, start.organisation_id)
    rows = session.execute(
        select(*keys, func.sum(Proposal.mass_kg))
        .join(Output, Proposal.output_id == Output.id)
        .join(start, Output.site_id == start.id)
        .join(CapacityWindow, Proposal.window_id == CapacityWindow.id)
        .join(EntitlementLine, CapacityWindow.line_id == EntitlementLine.id)
        .join(Entitlement, EntitlementLine.entitlement_id == Entitlement.id)
        .join(Facility, Entitlement.facility_id == Facility.id)
        .join(end, Facility.site_id == end.id)
        .where(in_plan_of(run, Proposal))
        .group_by(*keys)
    )
    cells: dict[Key, Cell] = {}
    for origin, destination, organisation, mass_kg in rows:
        key = (province_of(origin), province_of(destination), "")
        cells.setdefault(key, Cell()).join(Cell.of(organisation, int(mass_kg)))
    told = cells if of_few else suppressed(cells)
    found = [Crossing(origin, to, cell.mass_kg) for (origin, to, _), cell in told.items()]
    return sorted(found, key=lambda crossing: (-crossing.mass_kg, crossing.origin, crossing.destination))
