"""What the public may see of a run: totals, flows, crossings and reasons that do not give each other away.

All four are sums of the same groups (see `circularity.told_groups`): mass is told apart first by whether it
was placed, then by province, by stream and operation, and at last by destination, by whether it can move
today, and by reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from circularity.catalogue import waste_types
from circularity.catalogue.regions import province_of
from circularity.disclosure import Cell
from circularity.organisations import Site
from circularity.registry.entitlements import CapacityWindow, Entitlement, EntitlementLine, Facility
from circularity.registry.outputs import Output
from circularity.runs.stored import MatchingRun, Proposal, Unmatched, in_plan_of
from circularity.told_groups import Atom, Told, told_all, told_together

PLACED, UNMATCHED = "placed", "unmatched"
_TODAY, _LATER = "today", "later"
_DEPTHS = (1, 2, 4, 7)
"""Outcome · province · stream, operation · destination, today or later, reason."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Mass in kg from a province (two digits) through a stream to an operation; any of them may be `other`.

    The operation of what found no outlet is `unmatched`.
    """

    province: str
    stream: str
    operation: str
    mass_kg: int


@dataclass(frozen=True, slots=True)
class Crossing:
    """Mass in kg from one province to another or within one; two digits each, or `other`."""

    origin: str
    destination: str
    mass_kg: int


@dataclass(frozen=True)
class ToldRun:
    """One run's tables; totals are None where they may not be told exactly."""

    told: Told

    @cached_property
    def supply_kg(self) -> int | None:
        """Everything that was to be placed."""
        return self.told.total(lambda _: True)

    @cached_property
    def placed_kg(self) -> int | None:
        """What found an outlet."""
        return self.told.total(lambda atom: atom[0] == PLACED)

    @cached_property
    def can_move_today_kg(self) -> int | None:
        """The part of it that waits for no procedure."""
        return self.told.total(lambda atom: atom[5] == _TODAY)

    @cached_property
    def after_procedures_kg(self) -> int | None:
        """The part of it that does."""
        return self.told.total(lambda atom: atom[5] == _LATER)

    @cached_property
    def unmatched_kg(self) -> int | None:
        """What found none."""
        return self.told.total(lambda atom: atom[0] == UNMATCHED)

    def reason_kg(self, reason: str) -> int | None:
        """What found none for one reason."""
        return self.told.total(lambda atom: atom[6] == reason)

    def flows(self) -> list[Flow]:
        """Return the flows, sorted; their masses sum to the supply where that is told."""
        rows = self.told.table(lambda atom: atom[1:4])
        return [
            Flow(province, stream, operation, rows[province, stream, operation])
            for province, stream, operation in sorted(rows)
        ]

    def crossings(self) -> list[Crossing]:
        """Return what was placed by province of origin and destination, heaviest first."""
        rows = self.told.table(lambda atom: (atom[0], atom[1], atom[4]))
        found = [Crossing(start, end, kg) for (outcome, start, end), kg in rows.items() if outcome == PLACED]
        return sorted(found, key=lambda row: (-row.mass_kg, row.origin, row.destination))


def told_run(session: Session, run: MatchingRun, *, of_few: bool = False) -> ToldRun:
    """Return what may be told of a run; everything with `of_few`: only for parties that are all fictional."""
    cells: dict[Atom, Cell] = {}
    for atom, organisation, mass_kg in _masses(session, run):
        cells.setdefault(atom, Cell()).join(Cell.of(organisation, mass_kg))
    return ToldRun(told_all(cells) if of_few else told_together(cells, _DEPTHS))


def _masses(session: Session, run: MatchingRun) -> Iterable[tuple[Atom, int, int]]:
    """Yield atom, sender and kg of everything in a run."""
    start, end = aliased(Site), aliased(Site)
    lot = (start.region_code, Output.waste_code, start.organisation_id)
    keys = (*lot, Proposal.operation, end.region_code, Proposal.conditions)
    placed = (
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
    for region, code, sender, operation, destination, waits, kg in session.execute(placed):
        stream = waste_types.find(code, run.as_of).stream
        to, moves = province_of(destination), _LATER if waits else _TODAY
        yield (PLACED, province_of(region), stream, operation, to, moves, ""), sender, int(kg)
    left = (
        select(*lot, Unmatched.reason, func.sum(Unmatched.mass_kg))
        .join(Output, Unmatched.output_id == Output.id)
        .join(start, Output.site_id == start.id)
        .where(in_plan_of(run, Unmatched))
        .group_by(*lot, Unmatched.reason)
    )
    for region, code, sender, reason, kg in session.execute(left):
        stream = waste_types.find(code, run.as_of).stream
        yield (UNMATCHED, province_of(region), stream, UNMATCHED, "", "", reason), sender, int(kg)
