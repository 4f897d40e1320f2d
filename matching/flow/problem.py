"""The optimisation problem: arcs, limits and levels, with the sign convention. See PROBLEM.md.

Levels are minimised lexicographically; a level to be maximised enters with coefficient -1. A pair arc runs
from an output to a node of the cap tree; what a plan leaves unmatched costs nothing on any level.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from circularity.units import IntArray
from matching.flow.cap_tree import CapTree

TIE_BITS = 30
TIES_REMEMBERED = 2**18

TextArray = npt.NDArray[np.str_]

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
    Level("kept_kg", "kg", maximise=True),
    Level("tie", "kg × h", maximise=False),
)
COST_LEVEL = 4
KEPT_LEVEL = 5
TIE_LEVEL = 6


class TieHashes:
    """The coefficients of the tie level, remembered for a while: solving asks for few of them, and often."""

    def __init__(self) -> None:
        self._of_pair = lru_cache(maxsize=TIES_REMEMBERED)(tie_hash)

    def of(self, output_ids: Sequence[str], capacity_ids: Sequence[str]) -> IntArray:
        """Return the coefficient of each pair of ids."""
        return np.fromiter(map(self._of_pair, output_ids, capacity_ids), np.int64, len(output_ids))


def tie_hash(output_id: str, capacity_id: str) -> int:
    """Return the first 30 bits of SHA-256 over a pair of ids: the last level makes the plan unique."""
    digest = hashlib.sha256(f"{output_id}\0{capacity_id}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> (32 - TIE_BITS)


def tie_hashes(output_ids: Sequence[str], capacity_ids: Sequence[str]) -> IntArray:
    """Return `tie_hash` of each pair of ids."""
    return np.fromiter(map(tie_hash, output_ids, capacity_ids), np.int64, len(output_ids))


@dataclass(frozen=True)
class Problem:
    """Supplies, pair arcs into the cap tree, and the coefficients of the levels.

    Shapes: supply_kg (outputs), arc_* (arcs, sorted by output then capacity), tree (capacities, then caps).
    `arc_limit_kg` is the lane limit or the whole supply, `arc_capacity` a row of `capacity_ids`. Coefficients
    of the levels before the tie are stored; the tie level hashes ids and is computed for the few arcs that
    ever need it.
    """

    supply_kg: IntArray
    arc_output: IntArray
    arc_entry: IntArray
    arc_limit_kg: IntArray
    tree: CapTree
    coefficients: tuple[Coefficients, ...]
    output_ids: TextArray
    arc_capacity: npt.NDArray[np.integer]
    capacity_ids: TextArray
    ties: TieHashes = field(default_factory=TieHashes, repr=False, compare=False)

    def take(self, arcs: IntArray) -> Problem:
        """Return the problem over these arcs alone."""
        return replace(
            self,
            arc_output=self.arc_output[arcs],
            arc_entry=self.arc_entry[arcs],
            arc_limit_kg=self.arc_limit_kg[arcs],
            coefficients=tuple(each[arcs] for each in self.coefficients),
            arc_capacity=self.arc_capacity[arcs],
        )

    def coefficient(self, level: int, arcs: IntArray) -> IntArray:
        """Return the level's coefficient per kg on the given arcs."""
        if level < TIE_LEVEL:
            return self.coefficients[level][arcs].astype(np.int64)
        outputs = self.output_ids[self.arc_output[arcs]].tolist()
        return self.ties.of(outputs, self.capacity_ids[self.arc_capacity[arcs]].tolist())

    def level_sums(self, mass_kg: IntArray) -> tuple[int, ...]:
        """Return the minimised sum of every level as an exact Python integer."""
        used = np.flatnonzero(mass_kg)
        masses = mass_kg[used]
        return tuple(exact_dot(masses, self.coefficient(k, used)) for k in range(len(LEVELS)))

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


def exact_dot(masses_kg: IntArray, coefficients: IntArray) -> int:
    """Return the sum of products as an exact Python integer; 64 bits are used where they provably suffice."""
    if not masses_kg.size:
        return 0
    largest = [max(abs(int(each.min())), abs(int(each.max()))) for each in (masses_kg, coefficients)]
    if largest[0] * largest[1] * masses_kg.size < 2**62:
        return int(masses_kg @ coefficients)
    products = zip(masses_kg.tolist(), coefficients.tolist(), strict=True)
    return sum(mass * coefficient for mass, coefficient in products)
