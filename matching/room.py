"""What a plan leaves free, and which of a pair's limits have too little of it for more mass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from circularity.units import IntArray
from matching.problem import Problem

ROOM = ("能力", "room")
ALLOWANCE = ("限额", "allowance")
LANE_LIMIT = ("线路限量", "lane limit")
"""What more can be wanted of: the capacity's own, the limits above it or for its origin, the lane's."""


@dataclass(frozen=True)
class Room:
    """What a plan leaves free, kg: `limit_kg` per node of the cap tree, `lane_kg` per arc.

    `lane_kg` is what the lane or the output has left, whichever is less.
    """

    problem: Problem
    limit_kg: IntArray
    lane_kg: IntArray

    @classmethod
    def left_by(cls, problem: Problem, mass_kg: IntArray) -> Self:
        """Return the room that a plan with that mass per arc leaves."""
        free_kg = problem.tree.limit_kg - problem.tree_load_kg(mass_kg)
        return cls(problem, free_kg, problem.arc_limit_kg - mass_kg)

    def wanting(self, arc: int, capacity: int, kg: int) -> list[tuple[str, str]]:
        """Name, in Chinese and English, everything on an arc's way that has no room for `kg` more."""
        allowance, node = False, int(self.problem.arc_entry[arc])
        while node >= 0:
            allowance |= node != capacity and int(self.limit_kg[node]) < kg
            node = int(self.problem.tree.parent[node])
        found = [ROOM] if int(self.limit_kg[capacity]) < kg else []
        found += [ALLOWANCE] if allowance else []
        return found + ([LANE_LIMIT] if int(self.lane_kg[arc]) < kg else [])
