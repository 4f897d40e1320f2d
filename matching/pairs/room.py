"""What a plan leaves free, and which of a pair's limits have too little of it for more mass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from circularity.catalogue.regions import prefix_of
from circularity.units import MISSING, IntArray
from matching.case import Case
from matching.flow.cap_tree import CapTree, Entries
from matching.pairs.lawful_pairs import Rows

ROOM = ("能力", "room")
ALLOWANCE = ("限额", "allowance")
LANE_LIMIT = ("线路限量", "lane limit")
"""What more can be wanted of: the capacity's own, the limits above it or for its origin, the lane's."""


@dataclass(frozen=True)
class CrossedCaps:
    """The caps of a case that cross its tree of limits."""

    case: Case
    tree: CapTree

    def of(self, output: int, capacity: int) -> list[int]:
        """Return the nodes of those that a pair counts against."""
        case, region = self.case, str(self.case.outputs.region_code[output])
        found = ((node, case.caps[node - case.shape[1]]) for node in self.tree.crossing)
        return [
            node
            for node, cap in found
            if capacity in cap.members and region.startswith(prefix_of(cap.origin_region))
        ]


@dataclass(frozen=True)
class Room:
    """What a plan leaves free, kg: `limit_kg` per node of the cap tree, `lane_kg` per limited lane.

    Lanes are named by the rows of their output and capacity.
    """

    tree: CapTree
    entries: Entries
    limit_kg: IntArray
    lane_kg: Mapping[tuple[int, int], int]
    crossed: CrossedCaps

    def wanting(self, output: int, capacity: int, kg: int) -> list[tuple[str, str]]:
        """Name, in Chinese and English, everything on a pair's way that has no room for `kg` more."""
        allowance, node = False, int(self.entries.of(output, capacity))
        while node >= 0:
            allowance |= node != capacity and int(self.limit_kg[node]) < kg
            node = int(self.tree.parent[node])
        allowance |= any(int(self.limit_kg[cap]) < kg for cap in self.crossed.of(output, capacity))
        found = [ROOM] if int(self.limit_kg[capacity]) < kg else []
        found += [ALLOWANCE] if allowance else []
        return found + ([LANE_LIMIT] if self.lane_kg.get((output, capacity), kg) < kg else [])


def lanes_left(case: Case, output: Rows, capacity: Rows, mass_kg: IntArray) -> dict[tuple[int, int], int]:
    """Return what the masses leave of every limited lane."""
    lanes = case.lanes
    limited = lanes.limit_kg != MISSING
    names = zip(lanes.output[limited].tolist(), lanes.capacity[limited].tolist(), strict=True)
    left = dict(zip(names, lanes.limit_kg[limited].tolist(), strict=True))
    if left:
        for i, j, kg in zip(output.tolist(), capacity.tolist(), mass_kg.tolist(), strict=True):
            if (i, j) in left:
                left[i, j] -= kg
    return left
