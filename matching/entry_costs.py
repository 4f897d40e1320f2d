"""What one more kilogram that enters at a limit costs an optimal plan, level by level.

Where there is room it costs nothing. Where there is none it pushes another kilogram to its next best outlet,
or to none: the left-hand derivative of the levels, which nested and degenerate limits make larger than any
sum of prices (`matching.prices` tells the right-hand one). It is the lexicographically shortest residual path
from the limit to the root, and equals a re-solve with one kilogram less room there.
"""

from __future__ import annotations

import numpy as np

from circularity.units import IntArray
from matching.exchange import Exchange, exchange_of, radix_of
from matching.network import UNREACHED
from matching.problem import Problem


def entry_costs(problem: Problem, mass_kg: IntArray) -> IntArray:
    """Return the increase of each minimised level per kilogram, shape (levels before the tie, tree nodes).

    A column of UNREACHED belongs to a limit of 0 kg, which nothing can enter. Raises ArithmeticError when
    the plan is not optimal.
    """
    load_kg = problem.tree_load_kg(mass_kg)
    return entry_costs_in(exchange_of([(problem, mass_kg)], problem.tree, load_kg, radix_of(problem)))


def entry_costs_in(exchange: Exchange) -> IntArray:
    """Return the same from the exchange network of a plan."""
    costs = exchange.to_the_root()[:, :-1]
    return np.where(costs[0] < UNREACHED, costs, UNREACHED)
