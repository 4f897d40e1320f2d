"""LEMON's network simplex, the optional extra `circularity[fast]` (package pylmcf): faster, one maintainer.

Of its interface only the flow is used. It wants edges sorted by (tail, head) and non-negative costs, accepts
unbalanced supplies without a word, and its total cost wraps silently; each of these is met here.
"""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np

from circularity.units import IntArray

AVAILABLE = find_spec("pylmcf") is not None


def lemon_flow(
    tail: IntArray, head: IntArray, limit_kg: IntArray, cost: IntArray, supply_kg: IntArray
) -> IntArray:
    """Return an optimal flow; arcs must form no cycle, as the pair, tree and unmatched arcs of a case do.

    Raises ModuleNotFoundError without the extra, OverflowError for numbers it cannot hold, ValueError for
    unbalanced supplies and RuntimeError where it finds no flow.
    """
    from pylmcf import Graph  # noqa: PLC0415 - an optional extra, loaded only where it is used

    if int(supply_kg.sum()) != 0:
        raise ValueError("supplies do not balance")
    shifted = _without_negatives(tail, head, cost, len(supply_kg))
    if int(np.abs(supply_kg).sum()) >= 2**61:
        raise OverflowError("supplies are too large for the flow engine")
    order = np.lexsort((head, tail))
    graph = Graph(len(supply_kg), tail[order], head[order])
    graph.set_node_supply(supply_kg)
    graph.set_edge_capacities(limit_kg[order])
    graph.set_edge_costs(shifted[order])
    graph.solve()
    flow = np.empty(len(tail), dtype=np.int64)
    flow[order] = graph.result()
    return flow


def _without_negatives(tail: IntArray, head: IntArray, cost: IntArray, n_nodes: int) -> IntArray:
    """Return costs shifted by node potentials so that none is negative; every flow's order stays the same.

    The potentials are shortest distances over all arcs, which exist because the arcs form no cycle.
    """
    if int(np.abs(cost).max(initial=0)) * (n_nodes + 1) >= 2**60:
        raise OverflowError("unit costs are too large for the flow engine")
    potential = np.zeros(n_nodes, dtype=np.int64)
    while True:
        nearer = potential.copy()
        np.minimum.at(nearer, head, potential[tail] + cost)
        if np.array_equal(nearer, potential):
            return cost + potential[tail] - potential[head]
        potential = nearer
