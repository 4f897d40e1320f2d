"""Random small problems with crossing caps and lots, and a second way to solve them that shares no code."""

from __future__ import annotations

from itertools import product

import numpy as np
from random_problems import random_problem
from scipy.optimize import Bounds, LinearConstraint, milp

from circularity.units import IntArray
from matching.engines.solve import solve_component
from matching.flow.problem import TIE_LEVEL, Problem
from matching.flow.side_constraints import CrossingCap, SideConstraints, side_faults


def flow(problem: Problem) -> IntArray:
    """Return the optimal flow of a problem whose limits nest."""
    return solve_component(problem, "ortools")[0]


def random_side(rng: np.random.Generator, problem: Problem, *, caps: int, lots: bool) -> SideConstraints:
    """Return caps over any pairs, about half as wide as these would like, and lots, half of them whole."""
    crossing = []
    for node in range(caps):
        arcs = np.flatnonzero(rng.random(len(problem.arc_output)) < 0.4)
        wanted = int(problem.supply_kg[problem.arc_output[arcs]].sum())
        crossing.append(CrossingCap(node, arcs, int(rng.integers(0, max(2, wanted // 2)))))
    outputs = len(problem.supply_kg)
    any_lot = np.where(rng.random(outputs) < 0.5, problem.supply_kg, rng.integers(0, 20, outputs))
    bound = rng.random(outputs) < (0.6 if lots else 0.0)
    return SideConstraints(tuple(crossing), np.where(bound, any_lot, 0))


def random_pair(rng: np.random.Generator, k: int) -> tuple[Problem, SideConstraints]:
    """Return the k-th random problem: caps, lots or both in turn, nested caps, lanes and ties of cost."""
    problem = random_problem(
        rng, 5, 4, n_caps=k % 3, lanes=bool(k % 2), largest_cost=3 if k % 3 else 30
    )  # fmt: skip
    caps = 2 if k % 4 == 1 else k % 3
    return problem, random_side(rng, problem, caps=caps, lots=k % 4 >= 2)


def second_solution(problem: Problem, side: SideConstraints) -> tuple[int, ...]:
    """Return the least sums of the levels before the tie by a mixed-integer program of its own."""
    n_arcs, lots = len(problem.arc_output), np.flatnonzero(side.lot_kg[problem.arc_output] > 0)
    columns = n_arcs + len(lots)
    rows: list[np.ndarray] = []
    most: list[float] = []

    def at_most(arcs: IntArray, limit: float) -> None:
        row = np.zeros(columns)
        row[arcs] = 1
        rows.append(row)
        most.append(limit)

    for i, supply in enumerate(problem.supply_kg.tolist()):
        at_most(np.flatnonzero(problem.arc_output == i), supply)
    for node, limit in enumerate(problem.tree.limit_kg.tolist()):
        at_most(np.array([a for a in range(n_arcs) if node in _way(problem, a)], dtype=np.int64), limit)
    for cap in side.caps:
        at_most(cap.arcs, cap.limit_kg)
    for k, arc in enumerate(lots.tolist()):
        at_most(np.array([arc]), 0)
        rows[-1][n_arcs + k] = -problem.arc_limit_kg[arc]
        at_most(np.array([arc]), 0)
        rows[-1] *= -1
        rows[-1][n_arcs + k] = side.lot_kg[problem.arc_output[arc]]
    upper = np.concatenate([problem.arc_limit_kg, np.ones(len(lots))])
    sums = []
    for level in range(TIE_LEVEL):
        cost = np.concatenate([problem.coefficient(level, np.arange(n_arcs)), np.zeros(len(lots))])
        found = milp(
            cost, integrality=np.ones(columns, dtype=np.int64), bounds=Bounds(0, upper),
            constraints=LinearConstraint(np.array(rows), -np.inf, most), options={"mip_rel_gap": 0},
        )  # fmt: skip
        sums.append(round(found.fun or 0))
        rows.append(cost)
        most.append(sums[-1])
    return tuple(sums)


def _way(problem: Problem, arc: int) -> set[int]:
    way, node = set(), int(problem.arc_entry[arc])
    while node >= 0:
        way.add(node)
        node = int(problem.tree.parent[node])
    return way


def brute_force(problem: Problem, side: SideConstraints) -> tuple[int, ...]:
    """Return the lexicographically least sums before the tie over every plan in whole kilograms."""
    best: tuple[int, ...] | None = None
    for masses in product(*(range(int(limit) + 1) for limit in problem.arc_limit_kg)):
        mass = np.array(masses, dtype=np.int64)
        placed = np.bincount(problem.arc_output, mass, len(problem.supply_kg))
        if np.any(placed > problem.supply_kg) or side_faults(problem, side, mass):
            continue
        if np.any(problem.tree_load_kg(mass) > problem.tree.limit_kg):
            continue
        sums = problem.level_sums(mass)[:TIE_LEVEL]
        best = sums if best is None or sums < best else best
    assert best is not None
    return best
