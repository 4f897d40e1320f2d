"""The optimisation problem: arcs, limits and levels, with the sign convention. See PROBLEM.md.

Levels are minimised lexicographically; a level to be maximised enters with coefficient -1. A pair arc runs
from an output to a node of the cap tree; what a plan leaves unmatched costs nothing on any level.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt

from circularity.catalogue import operations, utilisation, waste_types
from circularity.units import MISSING, IntArray
from matching.arcs import Arcs
from matching.cap_tree import CapTree, build_cap_tree
from matching.case import Case

STORAGE_LIMIT_DAYS = 365
URGENT_MARGIN_DAYS = 30
TIE_BITS = 30

Coefficients = npt.NDArray[np.int8] | IntArray
"""Small ranks and signs take a byte per arc; money takes eight."""


@dataclass(frozen=True)
class Level:
    """One aim of the lexicographic order: its name, the unit of its value, and whether more is better."""

    name: str
    unit: str
    maximise: bool

    def value(self, minimised: int) -> int:
        """Return the value in the level's own sense from the minimised sum."""
        return -minimised if self.maximise else minimised


LEVELS = (
    Level("placed_kg", "kg", maximise=True),
    Level("urgent_kg", "kg", maximise=True),
    Level("utilised_kg", "kg", maximise=True),
    Level("hierarchy", "kg × rank", maximise=False),
    Level("cost", "µCNY", maximise=False),
    Level("tie", "kg × h", maximise=False),
)
COST_LEVEL = 4
TIE_LEVEL = 5


@dataclass(frozen=True)
class Problem:
    """Supplies, pair arcs into the cap tree, and the coefficients of the levels.

    Shapes: supply_kg (outputs), arc_* (arcs, sorted by output then capacity), tree (capacities, then caps).
    `arc_limit_kg` is the lane limit or the whole supply. Coefficients of the first five levels are stored;
    the tie level hashes ids and is computed for the few arcs that ever need it.
    """

    supply_kg: IntArray
    arc_output: IntArray
    arc_entry: IntArray
    arc_limit_kg: IntArray
    tree: CapTree
    coefficients: tuple[Coefficients, ...]
    output_ids: npt.NDArray[np.str_]
    arc_capacity_ids: npt.NDArray[np.str_]

    def coefficient(self, level: int, arcs: IntArray) -> IntArray:
        """Return the level's coefficient per kg on the given arcs."""
        if level < TIE_LEVEL:
            return self.coefficients[level][arcs].astype(np.int64)
        pairs = zip(self.output_ids[self.arc_output[arcs]], self.arc_capacity_ids[arcs], strict=True)
        return np.fromiter((tie_hash(o, c) for o, c in pairs), dtype=np.int64, count=len(arcs))

    def level_sums(self, mass_kg: IntArray) -> tuple[int, ...]:
        """Return the minimised sum of every level as an exact Python integer."""
        used = np.flatnonzero(mass_kg)
        masses = mass_kg[used].tolist()
        return tuple(_dot(masses, self.coefficient(k, used).tolist()) for k in range(len(LEVELS)))

    @cached_property
    def tree_load_order(self) -> tuple[int, ...]:
        """Tree nodes with every child before its parent."""
        depth = np.zeros(len(self.tree.parent), dtype=np.int64)
        above = self.tree.parent.copy()
        while np.any(above >= 0):
            depth += above >= 0
            above = np.where(above >= 0, self.tree.parent[above], -1)
        return tuple(int(node) for node in np.argsort(-depth, kind="stable"))

    def tree_load_kg(self, mass_kg: IntArray) -> IntArray:
        """Return the mass that flows through every node of the cap tree."""
        load = np.zeros(len(self.tree.parent), dtype=np.int64)
        np.add.at(load, self.arc_entry, mass_kg)
        for node in self.tree_load_order:
            if (above := int(self.tree.parent[node])) >= 0:
                load[above] += load[node]
        return load


def tie_hash(output_id: str, capacity_id: str) -> int:
    """Return the first 30 bits of SHA-256 over the two ids: the last level, which makes the plan unique."""
    digest = hashlib.sha256(f"{output_id}\0{capacity_id}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> (32 - TIE_BITS)


def build_problem(case: Case, arcs: Arcs) -> Problem:
    """Return the problem over a case's lawful and conditional arcs.

    Raises InvalidCase where caps cross, OverflowError where sums would leave 64-bit integers.
    """
    total = sum(case.outputs.mass_kg.tolist()) + sum(case.capacities.capacity_kg.tolist())
    if total >= 2**62:
        raise OverflowError(f"masses sum to {total} kg, more than 64-bit sums can hold")
    tree = build_cap_tree(case)
    supply = case.outputs.mass_kg[arcs.output]
    limit = np.where(arcs.limit_kg == MISSING, supply, np.minimum(arcs.limit_kg, supply))
    return Problem(
        supply_kg=case.outputs.mass_kg,
        arc_output=arcs.output,
        arc_entry=tree.entries(case.outputs.region_code, arcs.output, arcs.capacity),
        arc_limit_kg=limit,
        tree=tree,
        coefficients=_coefficients(case, arcs),
        output_ids=case.outputs.output_id,
        arc_capacity_ids=case.capacities.capacity_id[arcs.capacity],
    )


def urgent_outputs(case: Case) -> npt.NDArray[np.bool_]:
    """Say which outputs are hazardous lots whose storage limit has passed or comes within the horizon.

    The limit is storage since + 365 days; the horizon is the end of the matched period (the day of asking
    where the case gives none) + 30 days.
    """
    outputs, parameters = case.outputs, case.parameters
    end = parameters.as_of_day if parameters.period_to_day == MISSING else parameters.period_to_day
    horizon = max(end, parameters.as_of_day) + URGENT_MARGIN_DAYS
    stored = outputs.storage_since_day != MISSING
    due = np.where(stored, outputs.storage_since_day, 0) + STORAGE_LIMIT_DAYS
    urgent: npt.NDArray[np.bool_] = _hazardous(outputs.waste_code) & stored & (due <= horizon)
    return urgent


def _coefficients(case: Case, arcs: Arcs) -> tuple[Coefficients, ...]:
    on = date.fromordinal(case.parameters.as_of_day)
    codes, operation_of = np.unique(case.capacities.operation, return_inverse=True)
    ranks = np.array([rank_of(str(code), on) for code in codes], dtype=np.int8)
    counts = np.array(
        [[is_utilisation(hazardous, str(code), on) for code in codes] for hazardous in (False, True)],
        dtype=np.int8,
    ).reshape(2, len(codes))
    operation = operation_of[arcs.capacity]
    hazardous = _hazardous(case.outputs.waste_code)[arcs.output].astype(np.intp)
    return (
        np.full(len(arcs.output), -1, dtype=np.int8),
        -(urgent_outputs(case)[arcs.output].astype(np.int8)),
        -counts[hazardous, operation],
        ranks[operation],
        arcs.cost_ucny_per_kg,
    )


def rank_of(operation: str, on: date) -> int:
    """Return an operation's rank; one that nobody stated ranks last, so that silence is never preferred."""
    if operation:
        return operations.get(operation).rank
    return max(known.rank for known in operations.all_operations(on))


def is_utilisation(hazardous: bool, operation: str, on: date) -> bool:
    """Return whether an operation counts as utilisation for a class of waste; an unstated one does not."""
    return bool(operation) and utilisation.counts(hazardous, operation, on)


def _hazardous(waste_codes: npt.NDArray[np.str_]) -> npt.NDArray[np.bool_]:
    codes, code_of = np.unique(waste_codes, return_inverse=True)
    return np.array([waste_types.is_hazardous(str(code)) for code in codes], dtype=bool)[code_of]


def _dot(masses: Iterable[int], coefficients: Iterable[int]) -> int:
    return sum(mass * coefficient for mass, coefficient in zip(masses, coefficients, strict=True))
