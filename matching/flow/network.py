"""The problem as a flow network with a root, and the shortest residual paths in it.

Nodes: outputs, then cap-tree nodes, then the root. Arcs: pair arcs, then one arc per output to the root
(what stays unmatched), then one arc per tree node to its parent or the root.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from circularity.units import IntArray
from matching.flow.problem import Problem

UNREACHED = np.int64(2**62)


@dataclass(frozen=True)
class Network:
    """Arrays of arcs and node supplies; `pair_arcs` says how many arcs at the front are pair arcs."""

    tail: IntArray
    head: IntArray
    limit_kg: IntArray
    supply_kg: IntArray
    pair_arcs: int

    @property
    def root(self) -> int:
        """The node that absorbs everything."""
        return len(self.supply_kg) - 1


def network_of(problem: Problem) -> Network:
    """Return the flow network of a problem."""
    n_outputs, n_tree = len(problem.supply_kg), len(problem.tree.parent)
    root = n_outputs + n_tree
    total = int(problem.supply_kg.sum())
    # one kilogram more than everything is as good as no limit, and keeps sums small for the engines
    above = np.where(problem.tree.parent < 0, root, problem.tree.parent + n_outputs)
    return Network(
        tail=np.concatenate([problem.arc_output, np.arange(root)]),
        head=np.concatenate([problem.arc_entry + n_outputs, np.full(n_outputs, root), above]),
        limit_kg=np.concatenate(
            [problem.arc_limit_kg, problem.supply_kg, np.minimum(problem.tree.limit_kg, total + 1)]
        ),
        supply_kg=np.concatenate([problem.supply_kg, np.zeros(n_tree, dtype=np.int64), [-total]]),
        pair_arcs=len(problem.arc_output),
    )


def flow_of(problem: Problem, mass_kg: IntArray) -> IntArray:
    """Return the flow on every network arc that the masses on the pair arcs imply."""
    placed = np.zeros(len(problem.supply_kg), dtype=np.int64)
    np.add.at(placed, problem.arc_output, mass_kg)
    return np.concatenate([mass_kg, problem.supply_kg - placed, problem.tree_load_kg(mass_kg)])


@dataclass(frozen=True)
class Residual:
    """The residual network of a flow: arcs that can carry one more kilogram, sorted by tail.

    `arc` is the network arc, `sign` +1 forwards and -1 backwards.
    """

    tail: IntArray
    head: IntArray
    arc: IntArray
    sign: IntArray
    n_nodes: int

    def keep(self, mask: npt.NDArray[np.bool_]) -> Residual:
        """Return the residual arcs chosen by the mask."""
        return Residual(self.tail[mask], self.head[mask], self.arc[mask], self.sign[mask], self.n_nodes)


def residual_of(network: Network, flow_kg: IntArray) -> Residual:
    """Return the residual network of a feasible flow."""
    forward = np.flatnonzero(flow_kg < network.limit_kg)
    backward = np.flatnonzero(flow_kg > 0)
    tail = np.concatenate([network.tail[forward], network.head[backward]])
    order = np.argsort(tail, kind="stable")
    return Residual(
        tail=tail[order],
        head=np.concatenate([network.head[forward], network.tail[backward]])[order],
        arc=np.concatenate([forward, backward])[order],
        sign=np.concatenate([np.ones(len(forward), np.int64), -np.ones(len(backward), np.int64)])[order],
        n_nodes=len(network.supply_kg),
    )


def shortest_distances(residual: Residual, cost: IntArray, start: IntArray) -> IntArray:
    """Return the Bellman-Ford distances by `cost` per residual arc, from the given starting distances.

    `start` holds 0 at sources and UNREACHED elsewhere. Each round relaxes only the arcs that leave nodes
    improved in the round before. Raises ArithmeticError on a negative cycle (the flow is not optimal) and
    OverflowError where a path could leave 64 bits.
    """
    if len(cost) and int(np.abs(cost).max()) * (residual.n_nodes + 1) >= 2**61:
        raise OverflowError("path costs could leave 64-bit integers")
    first = np.searchsorted(residual.tail, np.arange(residual.n_nodes + 1))
    distance = start.copy()
    improved = np.flatnonzero(start < UNREACHED)
    is_improved = np.zeros(residual.n_nodes, dtype=bool)
    for _ in range(residual.n_nodes + 1):
        if not improved.size:
            return distance
        counts = first[improved + 1] - first[improved]
        offsets = np.cumsum(counts) - counts
        arcs = np.arange(counts.sum()) + np.repeat(first[improved] - offsets, counts)
        reached = distance[residual.tail[arcs]] + cost[arcs]
        heads = residual.head[arcs]
        better = reached < distance[heads]
        heads, reached = heads[better], reached[better]
        np.minimum.at(distance, heads, reached)
        is_improved[heads] = True
        improved = np.flatnonzero(is_improved)
        is_improved[improved] = False
    raise ArithmeticError("negative residual cycle: the flow is not optimal")


def residual_coefficients(problem: Problem, network: Network, residual: Residual, level: int) -> IntArray:
    """Return a level's coefficient of every residual arc: that of its pair arc, signed; 0 on other arcs."""
    cost = np.zeros(len(residual.arc), dtype=np.int64)
    pairs = np.flatnonzero(residual.arc < network.pair_arcs)
    cost[pairs] = residual.sign[pairs] * problem.coefficient(level, residual.arc[pairs])
    return cost


def lexicographic_distances(
    residual: Residual, coefficients: Callable[[Residual, int], IntArray], source: int, levels: int
) -> IntArray:
    """Return, level by level, the lexicographically shortest distances from `source`; shape (levels, nodes).

    `coefficients(residual, level)` gives a level's cost per residual arc. Among paths shortest on one level
    only tight arcs remain, and the next level is taken over those. Unreached nodes hold UNREACHED.
    """
    start = np.full(residual.n_nodes, UNREACHED)
    start[source] = 0
    distances = np.empty((levels, residual.n_nodes), dtype=np.int64)
    for level in range(levels):
        cost = coefficients(residual, level)
        distances[level] = shortest_distances(residual, cost, start)
        reached = distances[level][residual.tail] < UNREACHED
        tight = distances[level][residual.tail] + cost == distances[level][residual.head]
        residual = residual.keep(reached & tight)
    return distances
