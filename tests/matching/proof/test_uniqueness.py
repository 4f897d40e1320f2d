"""Uniqueness: told exactly when no other plan is as good on every level."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from builders import capacity, case, output
from random_problems import random_problem

from matching.engines.solve import solve
from matching.flow import problem as problem_module
from matching.flow.prices import plan_potentials
from matching.flow.problem import Problem
from matching.plans.plan import make_plan
from matching.proof.uniqueness import is_unique


def test_a_plan_is_told_unique_exactly_when_brute_force_finds_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # without the tie, equal plans are common
    monkeypatch.setattr(problem_module, "tie_hash", lambda *_: 0)
    rng = np.random.default_rng(77)
    told = {True: 0, False: 0}
    for k in range(120):
        problem = random_problem(rng, 3, 3, n_caps=k % 3, lanes=bool(k % 2), largest_mass=4, largest_cost=0)
        mass = solve(problem, "networkx").mass_kg
        unique = is_unique(problem, mass, plan_potentials(problem, mass))
        assert unique == (equally_good_plans(problem, problem.level_sums(mass)) == 1), f"problem {k}"
        told[unique] += 1
    assert min(told.values()) > 5, told


def equally_good_plans(problem: Problem, best: tuple[int, ...]) -> int:
    """Count the feasible plans with these level sums."""
    found = 0
    for masses in product(*(range(int(limit) + 1) for limit in problem.arc_limit_kg)):
        mass = np.array(masses, dtype=np.int64)
        placed = np.bincount(problem.arc_output, mass, len(problem.supply_kg))
        if np.any(placed > problem.supply_kg) or np.any(problem.tree_load_kg(mass) > problem.tree.limit_kg):
            continue
        found += problem.level_sums(mass) == best
    return found


def test_equal_costs_leave_one_plan_by_the_tie_and_the_plan_says_so() -> None:
    plan = make_plan(case([output("O1", 10)], [capacity("C1", 10), capacity("C2", 10)]))
    assert plan.unique
