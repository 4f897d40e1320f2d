"""What it costs to move one kilogram from one limit to another: the residual network without its outputs.

A residual path alternates between limits and outputs, and an output is only passed through. Keeping the
cheapest way through for each pair of limits leaves a network of hundreds of nodes instead of tens of
thousands, in which a shortest path takes a moment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from circularity.units import IntArray
from matching.network import Network, Residual, lexicographic_distances, residual_coefficients
from matching.problem import Problem


@dataclass(frozen=True)
class Exchange:
    """Residual arcs between limits and the root, and their cost vectors, shape (levels, arcs).

    Nodes are those of the cap tree, then the root.
    """

    residual: Residual
    costs: IntArray

    def distances_from(self, node: int) -> IntArray:
        """Return the lexicographically shortest distances from a node, shape (levels, nodes)."""
        return lexicographic_distances(
            self.residual, lambda residual, level: self.costs[level][residual.arc], node, len(self.costs)
        )


def exchange_of(problem: Problem, network: Network, residual: Residual, levels: int) -> Exchange:
    """Return the exchange network over the first so many levels."""
    n_outputs = len(problem.supply_kg)
    costs = np.stack([residual_coefficients(problem, network, residual, k) for k in range(levels)])
    into = np.flatnonzero(residual.head < n_outputs)
    first = np.searchsorted(residual.tail, np.arange(n_outputs + 1))
    outputs = residual.head[into]
    counts = first[outputs + 1] - first[outputs]
    offsets = np.cumsum(counts) - counts
    out = np.arange(counts.sum()) + np.repeat(first[outputs] - offsets, counts)
    into = np.repeat(into, counts)
    direct = np.flatnonzero((residual.tail >= n_outputs) & (residual.head >= n_outputs))
    tail = np.concatenate([residual.tail[into], residual.tail[direct]])
    head = np.concatenate([residual.head[out], residual.head[direct]])
    cost = np.concatenate([costs[:, into] + costs[:, out], costs[:, direct]], axis=1)
    order = np.lexsort((*cost[::-1], head, tail))
    tail, head = tail[order], head[order]
    cheapest = np.ones(len(order), dtype=bool)
    cheapest[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    kept = np.flatnonzero(cheapest & (tail != head))
    arcs = np.arange(len(kept))
    return Exchange(
        Residual(
            tail[kept] - n_outputs,
            head[kept] - n_outputs,
            arcs,
            np.ones_like(arcs),
            residual.n_nodes - n_outputs,
        ),
        cost[:, order[kept]],
    )
