"""What it costs to move one kilogram from one limit to another: the residual network without its outputs.

A residual path alternates between limits and outputs, and an output is only passed through. Keeping the
cheapest way through for each pair of limits leaves a network of hundreds of nodes instead of tens of
thousands, and shortest paths from many limits at once are a few operations on small matrices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from circularity.units import IntArray
from matching.network import UNREACHED, Network, Residual, residual_coefficients
from matching.problem import Problem

CELLS = 4_000_000
"""At most so many (source, arc) pairs are relaxed together, to bound memory."""


@dataclass(frozen=True)
class Exchange:
    """Residual arcs between limits, sorted by head, and their cost vectors, shape (levels, arcs).

    Nodes are those of the cap tree, then the root. `part` names each node's connected part, the root apart
    from all: a shortest path never needs the root twice, so it stays within a part and the root.
    """

    tail: IntArray
    head: IntArray
    costs: IntArray
    part: IntArray

    def distances(self, sources: IntArray) -> IntArray:
        """Return the lexicographically shortest distances, shape (sources, levels, nodes)."""
        found = np.full((len(sources), len(self.costs), len(self.part)), UNREACHED)
        root = self.part[-1]
        for part in np.unique(self.part[sources]):
            arcs = np.flatnonzero(np.isin(self.part[self.tail], (part, root))
                                  & np.isin(self.part[self.head], (part, root)))  # fmt: skip
            rows = np.flatnonzero(self.part[sources] == part)
            size = max(1, CELLS // max(1, len(arcs)))
            for chunk in (rows[k : k + size] for k in range(0, len(rows), size)):
                found[chunk] = self._within(arcs, sources[chunk])
        return found

    def _within(self, arcs: IntArray, sources: IntArray) -> IntArray:
        """Return the distances over some arcs: level by level, over the arcs tight on the levels before."""
        tail, head = self.tail[arcs], self.head[arcs]
        first = np.flatnonzero(np.diff(head, prepend=-1))
        start = np.full((len(sources), len(self.part)), UNREACHED)
        start[np.arange(len(sources)), sources] = 0
        open_arcs = np.ones((len(sources), len(arcs)), dtype=bool)
        levels = []
        for cost in self.costs[:, arcs]:
            distance = start.copy()
            while arcs.size:
                at_tail = distance[:, tail]
                reached = np.where(open_arcs & (at_tail < UNREACHED), at_tail + cost, UNREACHED)
                nearer = np.minimum(np.minimum.reduceat(reached, first, axis=1), distance[:, head[first]])
                if np.array_equal(nearer, distance[:, head[first]]):
                    break
                distance[:, head[first]] = nearer
            open_arcs &= (distance[:, tail] < UNREACHED) & (distance[:, tail] + cost == distance[:, head])
            levels.append(distance)
        return np.stack(levels, axis=1)


def exchange_of(problem: Problem, network: Network, residual: Residual, levels: int) -> Exchange:
    """Return the exchange network over the first so many levels of an optimal plan's residual network."""
    n_outputs = len(problem.supply_kg)
    costs = np.stack([residual_coefficients(problem, network, residual, k) for k in range(levels)])
    into, out = _ways_through(residual, n_outputs)
    direct = np.flatnonzero((residual.tail >= n_outputs) & (residual.head >= n_outputs))
    tail = np.concatenate([residual.tail[into], residual.tail[direct]]) - n_outputs
    head = np.concatenate([residual.head[out], residual.head[direct]]) - n_outputs
    cost = np.concatenate([costs[:, into] + costs[:, out], costs[:, direct]], axis=1)
    order = np.lexsort((*cost[::-1], tail, head))
    tail, head = tail[order], head[order]
    cheapest = np.ones(len(order), dtype=bool)
    cheapest[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    kept = np.flatnonzero(cheapest & (tail != head))
    return Exchange(
        tail[kept], head[kept], cost[:, order[kept]],
        _parts(tail[kept], head[kept], problem.tree.parent),
    )  # fmt: skip


def _ways_through(residual: Residual, n_outputs: int) -> tuple[IntArray, IntArray]:
    """Return every pair of residual arcs that enter and leave the same output."""
    into = np.flatnonzero(residual.head < n_outputs)
    first = np.searchsorted(residual.tail, np.arange(n_outputs + 1))
    outputs = residual.head[into]
    counts = first[outputs + 1] - first[outputs]
    offsets = np.cumsum(counts) - counts
    return np.repeat(into, counts), np.arange(counts.sum()) + np.repeat(first[outputs] - offsets, counts)


def _parts(tail: IntArray, head: IntArray, parent: IntArray) -> IntArray:
    """Label the parts connected without the root, the last node; a limit belongs to its parent's part."""
    root = len(parent)
    inner = (tail != root) & (head != root)
    child = np.flatnonzero(parent >= 0)
    ends = np.concatenate([tail[inner], child]), np.concatenate([head[inner], parent[child]])
    graph = coo_array((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(root + 1, root + 1))
    return connected_components(graph, directed=False)[1].astype(np.int64)
