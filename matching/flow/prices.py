"""What one more kilogram of a capacity or cap is worth, level by level.

The price is a right-hand derivative: the change of the levels when the limit grows by 1 kg, found as the
lexicographically shortest residual path from above the limit to below it. It belongs to the plan, not to
the engine, and equals a re-solve with one more kilogram.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from circularity.units import IntArray
from matching.flow.cap_tree import CapTree
from matching.flow.exchange import Exchange, exchange_of, radix_of
from matching.flow.exchange_paths import Paths
from matching.flow.network import (
    UNREACHED,
    Network,
    flow_of,
    lexicographic_distances,
    network_of,
    residual_coefficients,
    residual_of,
)
from matching.flow.problem import COST_LEVEL, LEVELS, TIE_LEVEL, Problem


@dataclass(frozen=True)
class DualPrices:
    """Potentials of the plan and prices of its limits.

    `potentials`: shape (levels, nodes), nodes as in matching.flow.network. `change`: shape (levels before the
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
    potentials = plan_potentials(problem, mass_kg)
    load_kg = problem.tree_load_kg(mass_kg)

    def exchange() -> Exchange:
        return exchange_of([(problem, mass_kg)], problem.tree, load_kg, radix_of(problem))

    return DualPrices(potentials, changes(problem.tree, load_kg, potentials, exchange))


def plan_potentials(problem: Problem, mass_kg: IntArray) -> IntArray:
    """Return the potentials of an optimal plan, shape (levels, nodes).

    Raises ArithmeticError when the plan is not optimal.
    """
    network = network_of(problem)
    residual = residual_of(network, flow_of(problem, mass_kg))
    potentials = lexicographic_distances(
        residual, partial(residual_coefficients, problem, network), network.root, len(LEVELS)
    )
    _raise_unreached(potentials, network)
    return potentials


def _raise_unreached(potentials: IntArray, network: Network) -> None:
    """Give nodes that no residual path reaches (nothing flows there) a potential above every path's end."""
    lost = np.flatnonzero(potentials[0] >= UNREACHED)
    if lost.size:
        ceiling = int(np.abs(np.where(potentials[0] < UNREACHED, potentials[0], 0)).max())
        potentials[:, lost] = 0
        potentials[0, lost] = ceiling + len(network.supply_kg) + 1


def changes(
    tree: CapTree, load_kg: IntArray, potentials: IntArray, exchange: Callable[[], Exchange]
) -> IntArray:
    """Return the price vectors; nested limits under a full parent need shortest paths from that parent.

    A limit with room is worth nothing. Directly below the root the potentials are the price. Elsewhere they
    bound it from below, so only limits whose bound is negative are looked at, together by their parent.
    `potentials` end with those of the tree's nodes and the root.
    """
    n_tree = len(tree.parent)
    root, of_nodes = potentials[:TIE_LEVEL, -1:], potentials[:TIE_LEVEL, -1 - n_tree : -1]
    above = np.where(tree.parent < 0, root, of_nodes[:, tree.parent])
    bound = of_nodes - above
    worth = (load_kg == tree.limit_kg) & _improves(bound)
    change = np.where(worth & (tree.parent < 0), bound, 0)
    nested = np.flatnonzero(worth & (tree.parent >= 0))
    if nested.size:
        nested = nested[np.argsort(tree.parent[nested], kind="stable")]
        paths = Paths(exchange(), potentials[:TIE_LEVEL, -1 - n_tree :])
        ways = paths.distances(tree.parent[nested], nested)
        better = (ways[0] < UNREACHED) & _improves(ways)
        change[:, nested[better]] = ways[:, better]
    return change


def _improves(change: IntArray) -> npt.NDArray[np.bool_]:
    """Say which vectors of level changes, one a column, are lexicographically negative."""
    first = np.argmax(change != 0, axis=0)
    improves: npt.NDArray[np.bool_] = change[first, np.arange(change.shape[1])] < 0
    return improves
