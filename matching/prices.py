"""What one more kilogram of a capacity or cap is worth, level by level.

The price is a right-hand derivative: the change of the levels when the limit grows by 1 kg, found as the
lexicographically shortest residual path from above the limit to below it. It belongs to the plan, not to
the engine, and equals a re-solve with one more kilogram.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from circularity.units import IntArray
from matching.exchange import exchange_of
from matching.network import (
    UNREACHED,
    Network,
    Residual,
    flow_of,
    lexicographic_distances,
    network_of,
    residual_coefficients,
    residual_of,
)
from matching.problem import COST_LEVEL, LEVELS, TIE_LEVEL, Problem


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
        placed: IntArray = -self.change[0]
        return placed

    @property
    def saving_ucny_per_kg(self) -> IntArray:
        """µCNY saved per extra kilogram of each limit; negative where placing more costs money."""
        saving: IntArray = -self.change[COST_LEVEL]
        return saving


def dual_prices(problem: Problem, mass_kg: IntArray) -> DualPrices:
    """Return potentials and prices of an optimal plan.

    Raises ArithmeticError when the plan is not optimal: its residual network then has a negative cycle.
    """
    network = network_of(problem)
    flow = flow_of(problem, mass_kg)
    residual = residual_of(network, flow)
    potentials = lexicographic_distances(
        residual, partial(residual_coefficients, problem, network), network.root, len(LEVELS)
    )
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
    """Return the price vectors; nested limits under a full parent need shortest paths from that parent.

    A limit with room is worth nothing. Directly below the root the potentials are the price. Elsewhere they
    bound it from below, so only limits whose bound is negative are looked at, together by their parent.
    """
    n_outputs, n_tree = len(problem.supply_kg), len(problem.tree.parent)
    change = np.zeros((TIE_LEVEL, n_tree), dtype=np.int64)
    nested: list[tuple[int, int]] = []
    for node in np.flatnonzero(flow[len(flow) - n_tree :] == problem.tree.limit_kg).tolist():
        above = int(network.head[len(flow) - n_tree + node])
        bound = potentials[:TIE_LEVEL, n_outputs + node] - potentials[:TIE_LEVEL, above]
        if above == network.root and _improves(bound):
            change[:, node] = bound
        elif _improves(bound):
            nested.append((node, above - n_outputs))
    if nested:
        nodes, parents = np.array(nested, dtype=np.int64).T
        sources, source_of = np.unique(parents, return_inverse=True)
        exchange = exchange_of(problem, network, residual, TIE_LEVEL)
        ways = exchange.distances(sources)[source_of, :, nodes]
        for node, way in zip(nodes, ways, strict=True):
            if way[0] < UNREACHED and _improves(way):
                change[:, node] = way
    return change


def _improves(change: IntArray) -> bool:
    """Say whether a vector of level changes is lexicographically negative."""
    nonzero = np.flatnonzero(change)
    return bool(nonzero.size) and bool(change[nonzero[0]] < 0)
