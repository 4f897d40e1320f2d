"""What one more kilogram that enters at a limit costs an optimal plan, level by level.

Where there is room it costs nothing. Where there is none it pushes another kilogram to its next best outlet,
or to none: the left-hand derivative of the levels, which nested and degenerate limits make larger than any
sum of prices (`prices` tells the right-hand one). It is the lexicographically shortest residual path
from the limit to the root, and equals a re-solve with one kilogram less room there.
"""

from __future__ import annotations

import numpy as np

from circularity.units import IntArray
from matching.flow.exchange import Exchange, exchange_of, radix_of
from matching.flow.exchange_paths import Paths
from matching.flow.prices import plan_potentials
from matching.flow.problem import TIE_LEVEL, Problem


def entry_costs(problem: Problem, mass_kg: IntArray) -> IntArray:
    """Return the increase of each minimised level per kilogram, shape (levels before the tie, tree nodes).

    A column of UNREACHED belongs to a limit of 0 kg, which nothing can enter. Raises ArithmeticError when
    the plan is not optimal.
    """
    load_kg = problem.tree_load_kg(mass_kg)
    exchange = exchange_of([(problem, mass_kg)], problem.tree, load_kg, radix_of(problem))
    return entry_costs_in(exchange, plan_potentials(problem, mass_kg))


def entry_costs_in(exchange: Exchange, potentials: IntArray) -> IntArray:
    """Return the same from the exchange network of a plan; `potentials` end with its nodes and the root."""
    root = len(exchange.parent)
    paths = Paths(exchange, potentials[:TIE_LEVEL, -1 - root :], backwards=True)
    return paths.distances(np.full(root, root), np.arange(root))
