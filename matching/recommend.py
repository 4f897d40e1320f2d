"""Advice on one posting: outlets for an output, feed for a capacity window; the rules as in a run.

Pairs are judged one by one against what stands in the registry, without what others would take: the order is
that of a run's levels (utilisation, hierarchy, cost), not a promise of room. What the other side did not
publish is shown in bands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from circularity.acceptance import Finding, Pairs, findings
from circularity.banding import Band, shown
from circularity.catalogue import operations, utilisation, waste_types
from circularity.entitlements import CapacityWindow, Entitlement, EntitlementLine, Facility
from circularity.outputs import Output
from circularity.units import MISSING, IntArray
from matching.arcs import Arcs, find_arcs
from matching.case import Case
from matching.eligibility import tables_of
from matching.grant_use import Part, split_by_grants
from matching.plan_files import condition_codes
from matching.run_rows import money
from matching.snapshot import Snapshot, parameters_at, read_snapshot

PLAN = "plan"
"""The condition whose sentence tells masses of the generator's management plan."""


@dataclass(frozen=True)
class Recommendation:
    """One lawful or conditional pair, as one of its sides may see it.

    `mass` is what the other side offers or has: kg where published, else its band. Unit costs are µCNY/kg,
    None where nobody stated one. `conditions` is empty when it can move today; `granted_kg` is how much a
    grant frees of the asker's own mass (None: no grant is needed). `findings` say each condition in words
    with its law and procedure.
    """

    output: Output
    window: CapacityWindow
    operation: str
    rank: int
    utilises: bool
    mass: int | Band
    distance_m: int | None
    costs_ucny_per_kg: dict[str, int | None]
    cost_ucny_per_kg: int
    conditions: tuple[str, ...]
    granted_kg: int | None
    earliest: date
    latest: date | None
    findings: tuple[Finding, ...]

    @property
    def can_move_today(self) -> bool:
        """Whether nothing has to be granted, filed or measured first."""
        return not self.conditions


def outlets_for_output(
    session: Session, output: Output, *, at: datetime, limit: int = 20
) -> list[Recommendation]:
    """Return the best lawful and conditional outlets for an output; none when it was withdrawn or is over."""
    snapshot = read_snapshot(session, parameters_at(at), outputs=[output.id])
    return _Advice(session, snapshot, for_sender=True).best(limit)


def feed_for_window(
    session: Session, window: CapacityWindow, *, at: datetime, limit: int = 20
) -> list[Recommendation]:
    """Return the outputs that suit a capacity window best; none when it was withdrawn or is over."""
    snapshot = read_snapshot(session, parameters_at(at), windows=[window.id])
    return _Advice(session, snapshot, for_sender=False).best(limit)


class _Advice:
    """The lawful and conditional pairs of one side's posting, told as that side may see them."""

    def __init__(self, session: Session, snapshot: Snapshot, *, for_sender: bool) -> None:
        self._session, self._snapshot, self._for_sender = session, snapshot, for_sender
        self._case: Case = snapshot.case
        self._arcs: Arcs = find_arcs(self._case)
        self._cost = self._arcs.cost_ucny_per_kg

    def best(self, limit: int) -> list[Recommendation]:
        """Return the first pairs in the order of a run's levels; ids break ties."""
        arcs = self._arcs
        far = np.where(arcs.distance_m == MISSING, np.iinfo(np.int64).max, arcs.distance_m)
        order = np.lexsort((arcs.output, arcs.capacity, far, self._cost, *self._hierarchy()))
        return [self._told(int(arc)) for arc in order[:limit]]

    def _hierarchy(self) -> tuple[IntArray, IntArray]:
        """Return per arc the rank of its operation and, for what is no utilisation, 1."""
        on = self._snapshot.on
        hazardous = np.array([waste_types.is_hazardous(c) for c in self._case.outputs.waste_code.tolist()])
        operation = self._case.capacities.operation[self._arcs.capacity].tolist()
        of_hazardous = hazardous.astype(bool)[self._arcs.output].tolist()
        pairs = list(zip(of_hazardous, operation, strict=True))
        known = {pair: (operations.get(pair[1]).rank, utilisation.counts(*pair, on)) for pair in set(pairs)}
        rank = np.array([known[pair][0] for pair in pairs], dtype=np.int64)
        return rank, np.array([not known[pair][1] for pair in pairs], dtype=np.int64)

    def _told(self, arc: int) -> Recommendation:
        arcs, on = self._arcs, self._snapshot.on
        i, j = int(arcs.output[arc]), int(arcs.capacity[arc])
        output, window = self._rows(i, j)
        operation = operations.get(str(self._case.capacities.operation[j]))
        part = self._granted(arc, output.mass_kg if self._for_sender else window.offered_kg)
        other, mass_kg = (window, window.offered_kg) if self._for_sender else (output, output.mass_kg)
        distance = int(arcs.distance_m[arc])
        return Recommendation(
            output=output,
            window=window,
            operation=operation.code,
            rank=operation.rank,
            utilises=utilisation.counts(waste_types.is_hazardous(output.waste_code), operation.code, on),
            mass=shown(mass_kg, other.visibility),
            distance_m=None if distance == MISSING else distance,
            costs_ucny_per_kg=money(arcs, arc),
            cost_ucny_per_kg=int(self._cost[arc]),
            conditions=tuple(condition_codes(part.conditions)),
            granted_kg=None if part.grant is None else part.mass_kg,
            earliest=date.fromordinal(part.earliest_day),
            latest=None if part.latest_day == MISSING else date.fromordinal(part.latest_day),
            findings=self._findings(arc, output, part),
        )

    def _rows(self, i: int, j: int) -> tuple[Output, CapacityWindow]:
        output_key = self._snapshot.output_keys[str(self._case.outputs.output_id[i])]
        window_key = self._snapshot.window_keys[str(self._case.capacities.capacity_id[j])]
        output = self._session.scalars(select(Output).where(Output.id == output_key).options(*_SENDER)).one()
        found = select(CapacityWindow).where(CapacityWindow.id == window_key).options(*_RECEIVER)
        return output, self._session.scalars(found).one()

    def _granted(self, arc: int, own_mass_kg: int) -> Part:
        """Return what a grant frees of the asker's own mass, or all of it as it stands.

        The other side's mass stays out of it: a grant cut to it would give it away.
        """
        mass = np.zeros(len(self._arcs.output), dtype=np.int64)
        mass[arc] = max(own_mass_kg, 1)
        return split_by_grants(self._case, self._arcs, mass, self._snapshot.grants)[0]

    def _findings(self, arc: int, output: Output, part: Part) -> tuple[Finding, ...]:
        """Return the sentences of the conditions that still stand, without the sender's hidden masses."""
        arcs = self._arcs
        row = slice(arc, arc + 1)
        pair = Pairs(tables_of(self._case), arcs.output[row], arcs.capacity[row], arcs.distance_m[row])
        standing = set(condition_codes(part.conditions))
        if not self._for_sender and output.visibility != "public":
            standing.discard(PLAN)
        return tuple(finding for finding in findings(pair) if finding.rule in standing)


_SENDER = (joinedload(Output.site),)
_RECEIVER = (
    joinedload(CapacityWindow.line)
    .joinedload(EntitlementLine.entitlement)
    .joinedload(Entitlement.facility)
    .joinedload(Facility.site),
)
