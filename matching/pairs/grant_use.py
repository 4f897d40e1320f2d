"""Grants for one sender or a limited mass, used on what a plan has placed.

The levels of a plan do not look at conditions, so which of its tonnes a grant covers changes no level: it is
decided here, after solving, in a fixed order. A pair whose mass exceeds its grants is told in parts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from circularity.acceptance import Pairs, days
from circularity.acceptance.rules import PROCEDURES
from circularity.acceptance.tables import Tables
from circularity.catalogue.regions import prefix_of
from circularity.catalogue.waste_types import pattern_covers
from circularity.units import MISSING, IntArray
from matching.case import Case
from matching.pairs.arcs import Arcs
from matching.pairs.eligibility import tables_of
from matching.pairs.held_procedures import Grant

CROSSING = ("hazardous_approval", "general_record", "general_approval")
CROSSING_BITS = sum(1 << PROCEDURES.index(kind) for kind in CROSSING)


@dataclass(frozen=True, slots=True)
class Part:
    """Mass in kg of one arc with what it still waits for; `grant` is what frees it, None without one."""

    arc: int
    mass_kg: int
    conditions: int
    earliest_day: int
    latest_day: int
    grant: int | None


def split_by_grants(
    case: Case, arcs: Arcs, mass_kg: IntArray, grants: Sequence[Grant], tables: Tables | None = None
) -> list[Part]:
    """Return the placed mass of every arc, in arc order, each split into granted parts and the rest.

    `tables` are those of the case, made anew unless given.
    """
    used = np.flatnonzero(mass_kg)
    columns = mass_kg, arcs.conditions, arcs.earliest_day, arcs.latest_day
    rows = zip(used.tolist(), *(column[used].tolist() for column in columns), strict=True)
    may = may_be_granted(case, arcs, used, grants)
    if not may.any():
        return [Part(arc, mass, waits, first, last, None) for arc, mass, waits, first, last in rows]
    granted = _Granted(case, tables or tables_of(case), arcs, used, grants)
    parts = []
    for place, (asked, (arc, mass, waits, first, last)) in enumerate(zip(may.tolist(), rows, strict=True)):
        rest = mass
        for part in granted.parts(place, arc, rest) if asked else ():
            parts.append(part)
            rest -= part.mass_kg
        if rest:
            parts.append(Part(arc, rest, waits, first, last, None))
    return parts


def may_be_granted(case: Case, arcs: Arcs, used: IntArray, grants: Sequence[Grant]) -> npt.NDArray[np.bool_]:
    """Say which arcs wait for what a grant of their facility may give."""
    facilities = case.facilities.facility_id
    has_grant = np.isin(facilities, np.array(sorted({grant.facility for grant in grants}), dtype=np.str_))
    of_arc = has_grant[case.capacities.facility[arcs.capacity[used]]]
    may: npt.NDArray[np.bool_] = of_arc & (arcs.conditions[used] & CROSSING_BITS != 0)
    return may


class _Granted:
    """The grants of a case with what is left of each while arcs take from them."""

    def __init__(
        self, case: Case, tables: Tables, arcs: Arcs, used: IntArray, grants: Sequence[Grant]
    ) -> None:
        self._case, self._arcs = case, arcs
        self._left = {grant.id: grant.limit_kg for grant in grants}
        self._by_facility: dict[str, list[Grant]] = defaultdict(list)
        for grant in sorted(grants, key=lambda grant: (grant.valid_to_day, grant.id)):
            self._by_facility[grant.facility].append(grant)
        pairs = Pairs(tables, arcs.output[used], arcs.capacity[used])
        freed = replace(pairs, conditions=arcs.conditions[used] & ~CROSSING_BITS)
        self._earliest, self._latest = days(freed)

    def parts(self, place: int, arc: int, wanted_kg: int) -> list[Part]:
        """Return what the grants free of one arc's mass, earliest ending grant first."""
        waiting = int(self._arcs.conditions[arc])
        if not waiting & CROSSING_BITS:
            return []
        parts = []
        earliest, latest = int(self._earliest[place]), int(self._latest[place])
        for grant in self._grants_of(arc):
            last = grant.valid_to_day if latest == MISSING else min(latest, grant.valid_to_day)
            first = max(earliest, grant.valid_from_day)
            left = self._left[grant.id]
            taken = wanted_kg if left == MISSING else min(wanted_kg, left)
            if first > last or taken <= 0 or not waiting >> PROCEDURES.index(grant.kind) & 1:
                continue
            if left != MISSING:
                self._left[grant.id] = left - taken
            wanted_kg -= taken
            parts.append(Part(arc, taken, waiting & ~CROSSING_BITS, first, last, grant.id))
        return parts

    def _grants_of(self, arc: int) -> list[Grant]:
        outputs, capacities = self._case.outputs, self._case.capacities
        i, j = int(self._arcs.output[arc]), int(self._arcs.capacity[arc])
        facility = str(self._case.facilities.facility_id[capacities.facility[j]])
        sender, region = str(outputs.organisation[i]), str(outputs.region_code[i])
        code = str(outputs.waste_code[i])
        return [
            grant
            for grant in self._by_facility.get(facility, [])
            if grant.organisation in ("", sender)
            and region.startswith(prefix_of(grant.origin_region))
            and pattern_covers(grant.waste_pattern, code)
        ]
