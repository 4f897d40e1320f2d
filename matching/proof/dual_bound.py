"""A bound on a level that anyone can check with integers: weak duality over the network of limits.

Crossing caps and the values of the levels before are priced into the arcs with non-negative integer
multipliers over a common denominator; lots are taken as divisible. What remains is a min-cost flow, and any
integer potentials bound it from below. No solver needs to be trusted: bad multipliers give a weak bound,
never a wrong one.

The bound of a level holds among all plans of the connected part that do at least as well as this one on
every level before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from circularity.units import IntArray
from matching.flow.problem import Problem
from matching.flow.side_constraints import SideConstraints, usable_limit_kg

LARGEST = 2**61


@dataclass(frozen=True)
class Multipliers:
    """Prices of the crossing caps and the levels before: non-negative integers over `denominator`."""

    denominator: int
    caps: tuple[int, ...]
    levels: tuple[int, ...]


@dataclass(frozen=True)
class BoundProof:
    """What proves a bound: multipliers, and a potential per output, limit and root."""

    multipliers: Multipliers
    potentials: IntArray


@dataclass(frozen=True)
class LevelBound:
    """The proven bound on a level's minimised sum, its proof, and the solver's own bound where it has one.

    `solver_bound` rests on a solver's floats: it is told, and proves nothing.
    """

    bound: int
    proof: BoundProof
    solver_bound: int | None = None


def priced_cost(problem: Problem, side: SideConstraints, level: int, prices: Multipliers) -> IntArray:
    """Return each pair's cost per kg in units of 1/denominator, with caps and earlier levels priced in.

    Raises OverflowError where it could leave 64-bit integers.
    """
    arcs = np.arange(len(problem.arc_output))
    parts = [(prices.denominator, problem.coefficient(level, arcs))]
    parts += [(price, problem.coefficient(k, arcs)) for k, price in enumerate(prices.levels) if price]
    reach = sum(price * largest(coefficients) for price, coefficients in parts) + sum(prices.caps)
    if reach >= LARGEST:
        raise OverflowError("priced costs could leave 64-bit integers")
    cost = sum((price * coefficients for price, coefficients in parts), np.zeros(len(arcs), dtype=np.int64))
    for cap, price in zip(side.caps, prices.caps, strict=True):
        cost[cap.arcs] += price
    return cost


def proven_bound(
    problem: Problem, side: SideConstraints, level: int, sums: Sequence[int], proof: BoundProof
) -> int:
    """Return the least minimised sum that the level can have where every level before is at most its `sums`.

    Raises ValueError for a proof that proves nothing: negative multipliers, wrong shapes, huge potentials.
    """
    _require_sound(problem, side, level, proof)
    prices, potential = proof.multipliers, proof.potentials
    n_outputs, n_tree = len(problem.supply_kg), len(problem.tree.parent)
    root = n_outputs + n_tree
    total_kg = sum(problem.supply_kg.tolist())
    least = -_dot(problem.supply_kg, potential[:n_outputs] - potential[root])
    least -= sum(price * total for price, total in zip(prices.levels, sums, strict=False))
    least -= sum(price * cap.limit_kg for price, cap in zip(prices.caps, side.caps, strict=True))
    above = np.where(problem.tree.parent < 0, root, problem.tree.parent + n_outputs)
    entry = problem.arc_entry + n_outputs
    pairs = priced_cost(problem, side, level, prices) + potential[problem.arc_output] - potential[entry]
    limits = potential[n_outputs:root] - potential[above]
    least += _dot(usable_limit_kg(problem, side), np.minimum(pairs, 0))
    least += _dot(problem.supply_kg, np.minimum(potential[:n_outputs] - potential[root], 0))
    least += _dot(np.minimum(problem.tree.limit_kg, total_kg), np.minimum(limits, 0))
    return -(-least // prices.denominator)


def _require_sound(problem: Problem, side: SideConstraints, level: int, proof: BoundProof) -> None:
    prices, potential = proof.multipliers, proof.potentials
    if prices.denominator < 1 or min((0, *prices.caps, *prices.levels)) < 0:
        raise ValueError("a multiplier is negative")
    if len(prices.caps) != len(side.caps) or len(prices.levels) != level:
        raise ValueError("multipliers do not fit the caps and levels")
    if potential.shape != (len(problem.supply_kg) + len(problem.tree.parent) + 1,):
        raise ValueError("potentials do not have the shape of the part")
    if potential.size and max(int(potential.max()), -int(potential.min())) >= LARGEST // 2:
        raise ValueError("a potential is too large to be checked")


def largest(coefficients: IntArray) -> int:
    """Return the largest absolute value, exact at both ends of 64 bits."""
    if not coefficients.size:
        return 0
    return max(int(coefficients.max()), -int(coefficients.min()))


def _dot(masses_kg: IntArray, costs: IntArray) -> int:
    used = np.flatnonzero(costs)
    return sum(m * c for m, c in zip(masses_kg[used].tolist(), costs[used].tolist(), strict=True))
