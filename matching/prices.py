"""What one more kilogram of a capacity or cap is worth, level by level.

The price is a right-hand derivative: the change of the levels when the limit grows by 1 kg, found as the
lexicographically shortest residual path from above the limit to below it. It belongs to the plan, not to
the engine, and equals a re-solve with one more kilogram.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from circularity.units import IntArray
from matching.network import (
    UNREACHED,
    Network,
    Residual,
    flow_of,
    lexicographic_distances,
    network_of,
    residual_of,
)
from matching.problem import COST_LEVEL, TIE_LEVEL, Problem


@dataclass(frozen=True)
class DualPrices:
    """Potentials of the plan and prices of its limits.

    `potentials`: shape (levels, nodes), nodes as in matching.network. `change`: shape (levels before the
    tie, tree nodes), the minimised sums' change per extra kg: placing one kg more reads -1 on the first.
    """

    potentials: IntArray
    change: IntArray

    @property
    def placed_per_kg(self) -> IntArray:
        """Kilograms placed more per extra kilogram of each limit: 0 or 1."""
        return -self.change[0]

    @property
    def saving_ucny_per_kg(self) -> IntArray:
        """µCNY saved per extra kilogram of each limit; negative where placing more costs money."""
        return -self.change[COST_LEVEL]


def dual_prices(problem: Problem, mass_kg: IntArray) -> DualPrices:
    """Return potentials and prices of an optimal plan.

    Raises ArithmeticError when the plan is not optimal: its residual network then has a negative cycle.
    """
    network = network_of(problem)
    flow = flow_of(problem, mass_kg)
    residual = residual_of(network, flow)
    potentials = lexicographic_distances(problem, network, residual, network.root)
    _raise_unreached(potentials, network)
    return DualPrices(potentials, _changes(problem, network, residual, flow, potentials))


def _raise_unreached(potentials: IntArray, network: Network) -> None:
    """Give nodes that no residual path reaches (nothing flows there) a potential above every path's end."""
    lost = np.flatnonzero(potentials[0] >= UNREACHED)
    if lost.size:
        ceiling = int(np.abs(np.where(potentials[0] < UNREACHED, potentials[0], 0)).max())
        potentials[:, lost] = 0
        potentials[0, lost] = ceiling + len(network.supply_kg) + 1


def _changes(
    problem: Problem, network: Network, residual: Residual, flow: IntArray, potentials: IntArray
) -> IntArray:
    """Return the price vectors; nested limits under a full parent need a shortest path of their own.

    A limit with room is worth nothing. Directly below the root the potentials are the price. Elsewhere they
    bound it from below, so only limits whose bound is negative are looked at singly.
    """
    n_outputs, n_tree = len(problem.supply_kg), len(problem.tree.parent)
    arcs = np.arange(len(flow) - n_tree, len(flow))
    full = flow[arcs] == problem.tree.limit_kg
    change = np.zeros((TIE_LEVEL, n_tree), dtype=np.int64)
    for node in np.flatnonzero(full):
        tail, above = int(network.tail[arcs[node]]), int(network.head[arcs[node]])
        if tail != n_outputs + node:
            raise AssertionError("tree arcs are out of order")
        bound = potentials[:TIE_LEVEL, tail] - potentials[:TIE_LEVEL, above]
        if not _improves(bound):
            continue
        if above != network.root:
            bound = lexicographic_distances(problem, network, residual, above, TIE_LEVEL)[:, tail]
        if bound[0] < UNREACHED and _improves(bound):
            change[:, node] = bound
    return change


def _improves(change: IntArray) -> bool:
    """Say whether a vector of level changes is lexicographically negative."""
    nonzero = np.flatnonzero(change)
    return bool(nonzero.size) and bool(change[nonzero[0]] < 0)
