"""What one more kilogram that enters at a limit costs an optimal plan, level by level.

Where there is room it costs nothing. Where there is none it pushes another kilogram to its next best outlet,
or to none: the left-hand derivative of the levels, which nested and degenerate limits make larger than any
sum of prices (`matching.prices` tells the right-hand one). It is the lexicographically shortest residual path
from the limit to the root, and equals a re-solve with one kilogram less room there.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from circularity.units import IntArray
from matching.network import (
    UNREACHED,
    Residual,
    flow_of,
    lexicographic_distances,
    network_of,
    residual_coefficients,
    residual_of,
)
from matching.problem import TIE_LEVEL, Problem


def entry_costs(problem: Problem, mass_kg: IntArray) -> IntArray:
    """Return the increase of each minimised level per kilogram, shape (levels before the tie, tree nodes).

    A column of UNREACHED belongs to a limit of 0 kg, which nothing can enter. Raises ArithmeticError when
    the plan is not optimal.
    """
    network = network_of(problem)
    backwards = _reversed(residual_of(network, flow_of(problem, mass_kg)))
    coefficients = partial(residual_coefficients, problem, network)
    distances = lexicographic_distances(backwards, coefficients, network.root, TIE_LEVEL)
    costs = distances[:, len(problem.supply_kg) : network.root]
    return np.where(costs[0] < UNREACHED, costs, UNREACHED)


def _reversed(residual: Residual) -> Residual:
    """Return the residual network with every arc turned round, so that paths to a node start at it."""
    order = np.argsort(residual.head, kind="stable")
    return Residual(
        tail=residual.head[order],
        head=residual.tail[order],
        arc=residual.arc[order],
        sign=residual.sign[order],
        n_nodes=residual.n_nodes,
    )
