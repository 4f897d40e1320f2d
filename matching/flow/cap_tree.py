"""Limits as a tree: every capacity and every cap is a set of (capacity, origin) cells, and sets must nest.

While they nest, a plan is a min-cost flow: mass enters at the smallest set that holds its cell and flows
upwards through every larger set to the root. A cap that crosses one before it is set aside for a linear
program.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from circularity.acceptance.texts import Texts, texts_of
from circularity.catalogue.regions import prefix_of
from circularity.units import IntArray
from matching.case import Case

Rows = npt.NDArray[np.int32] | IntArray


@dataclass(frozen=True)
class CapTree:
    """Nodes 0..m-1 are the case's capacities, then its caps in id order; `parent` is -1 below the root.

    `origin_entries` lists, deepest first, the caps bound to one capacity and one origin: arcs from that
    origin enter there instead of at the capacity itself. `crossing` lists the nodes of caps set aside:
    nothing enters them, and nothing flows through them.
    """

    limit_kg: IntArray
    parent: IntArray
    origin_entries: tuple[tuple[int, int, str], ...]
    crossing: tuple[int, ...] = ()

    def subtree(self, nodes: IntArray) -> CapTree:
        """Return the tree of these nodes, sorted, which hold the parents of all of them."""
        parent = self.parent[nodes]
        return CapTree(self.limit_kg[nodes], np.where(parent < 0, -1, np.searchsorted(nodes, parent)), ())


@dataclass(frozen=True)
class Entries:
    """The tree node at which a pair's mass enters: `node` by origin (a class of regions) and capacity."""

    origin: IntArray
    node: IntArray

    def of(self, output: Rows | int, capacity: Rows | int) -> IntArray:
        """Return the node for each pair of rows, or for one pair."""
        if len(self.node) == 1:
            entry: IntArray = self.node[0][capacity]
            return entry
        entry = self.node[self.origin[output], capacity]
        return entry


def entries_of(tree: CapTree, case: Case, regions: Texts | None = None) -> Entries:
    """Return where the pairs of a case enter the tree of its limits; `regions` are those of its outputs."""
    if not tree.origin_entries:
        return Entries(np.zeros(case.shape[0], dtype=np.int64), np.arange(case.shape[1])[None])
    codes, region = regions or texts_of(case.outputs.region_code)
    rows = []
    for code in codes or ("",):
        row = np.arange(case.shape[1])
        for node, member, origin in reversed(tree.origin_entries):
            if code.startswith(origin):
                row[member] = node
        rows.append(row)
    nodes, origin_of = np.unique(np.stack(rows), axis=0, return_inverse=True)
    return Entries(origin_of.ravel()[region], nodes)


def build_cap_tree(case: Case) -> CapTree:
    """Return the tree of a case's limits: small sets first, so of two that cross the larger is set aside."""
    n_capacities = case.shape[1]
    sets = [(frozenset((j,)), "") for j in range(n_capacities)]
    sets += [(frozenset(cap.members), prefix_of(cap.origin_region)) for cap in case.caps]
    parent = np.full(len(sets), -1, dtype=np.int64)
    tops: list[set[int]] = [set() for _ in range(n_capacities)]
    crossing = []
    for node in sorted(range(len(sets)), key=lambda s: (len(sets[s][0]), -len(sets[s][1]), s)):
        members = sets[node][0]
        met = sorted({top for j in members for top in tops[j] if not _apart(sets[top], sets[node])})
        if not all(_inside(sets[below], sets[node]) for below in met):
            crossing.append(node)
            continue
        for below in met:
            parent[below] = node
            for j in sets[below][0]:
                tops[j].discard(below)
        for j in members:
            tops[j].add(node)
    bound = [
        (n_capacities + k, cap.members[0], prefix_of(cap.origin_region))
        for k, cap in enumerate(case.caps)
        if cap.origin_region and n_capacities + k not in crossing
    ]
    return CapTree(
        limit_kg=np.concatenate(
            [case.capacities.capacity_kg, np.array([cap.limit_kg for cap in case.caps], dtype=np.int64)]
        ),
        parent=parent,
        origin_entries=tuple(sorted(bound, key=lambda e: (-len(e[2]), e))),
        crossing=tuple(sorted(crossing)),
    )


def _inside(inner: tuple[frozenset[int], str], outer: tuple[frozenset[int], str]) -> bool:
    return inner[0] <= outer[0] and inner[1].startswith(outer[1])


def _apart(one: tuple[frozenset[int], str], other: tuple[frozenset[int], str]) -> bool:
    return one[0].isdisjoint(other[0]) or not (one[1].startswith(other[1]) or other[1].startswith(one[1]))
