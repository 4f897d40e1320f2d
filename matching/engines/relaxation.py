"""A level as a linear program without lots, and the exact bound that its duals lead to.

The program's floats are only hints: its masses suggest where to look for a plan, its duals which multipliers
to try. The bound itself comes from a min-cost flow in integers (matching.proof.dual_bound).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from circularity.units import IntArray
from matching.engines.linear_model import FloatArray, answer, linear_model
from matching.engines.network_flow import ENGINES, engine_for
from matching.flow.network import network_of, residual_of, shortest_distances
from matching.flow.problem import TIE_LEVEL, Problem
from matching.flow.side_constraints import SideConstraints, usable_limit_kg
from matching.proof.dual_bound import BoundProof, Multipliers, largest, priced_cost, proven_bound

PRECISIONS = (1000, 60, 12, 1)
"""Largest denominators to which duals are rounded, tried in this order while the costs stay in 64 bits."""

LARGEST_DENOMINATOR = 10**6
LARGEST_PATH = 2**59


@dataclass(frozen=True)
class Relaxed:
    """The proven bound on a level's minimised sum, its proof, and the program's own masses as a hint."""

    bound: int
    proof: BoundProof
    hint_kg: FloatArray | None


def relax(
    problem: Problem, side: SideConstraints, level: int, sums: Sequence[int], engine: str, limit_s: float
) -> Relaxed:
    """Return the proven bound of a level where the levels before are at most their `sums`.

    Raises OverflowError where even unpriced costs leave what the flow engine can hold.
    """
    # the tie decides nothing that a bound could prove, and is not worth a program
    found = answer(linear_model(problem, side, level, sums), limit_s) if level < TIE_LEVEL else None
    for prices in _multipliers(side, level, found.duals if found else None):
        try:
            potentials = _potentials(problem, side, level, prices, engine)
        except OverflowError:
            continue
        proof = BoundProof(prices, potentials)
        return Relaxed(
            proven_bound(problem, side, level, sums, proof), proof, found.values if found else None
        )
    raise OverflowError("unit costs are too large for the flow engine")


def _multipliers(side: SideConstraints, level: int, duals: FloatArray | None) -> Iterable[Multipliers]:
    """Yield multipliers from the duals, most precise first; last the neutral ones, which always work."""
    if duals is not None:
        first = len(duals) - level - len(side.caps)
        wanted = np.maximum(-duals[first:], 0.0).tolist()
        for precision in PRECISIONS:
            fractions = [Fraction(value).limit_denominator(precision) for value in wanted]
            common = math.lcm(1, *(fraction.denominator for fraction in fractions))
            if common <= LARGEST_DENOMINATOR:
                whole = tuple(int(fraction * common) for fraction in fractions)
                yield Multipliers(common, whole[: len(side.caps)], whole[len(side.caps) :])
    yield Multipliers(1, (0,) * len(side.caps), (0,) * level)


def _potentials(
    problem: Problem, side: SideConstraints, level: int, prices: Multipliers, engine: str
) -> IntArray:
    """Return potentials of the cheapest flow under the priced costs; raises OverflowError for large costs."""
    cost = priced_cost(problem, side, level, prices)
    network = network_of(replace(problem, arc_limit_kg=usable_limit_kg(problem, side)))
    if largest(cost) * (len(network.supply_kg) + 1) >= LARGEST_PATH:
        raise OverflowError("priced costs are too large for the flow engine")
    costs = np.concatenate([cost, np.zeros(len(network.tail) - len(cost), dtype=np.int64)])
    flow = ENGINES[engine_for(engine)](network.tail, network.head, network.limit_kg, costs, network.supply_kg)
    residual = residual_of(network, flow)
    start = np.zeros(residual.n_nodes, dtype=np.int64)
    return shortest_distances(residual, residual.sign * costs[residual.arc], start)
