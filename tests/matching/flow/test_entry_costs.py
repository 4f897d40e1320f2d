"""What a kilogram costs the plan where it enters: equal to a re-solve with one kilogram less room."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from random_problems import best_sums, random_problem

from matching.engines.solve import solve
from matching.flow.entry_costs import entry_costs
from matching.flow.network import UNREACHED
from matching.flow.problem import TIE_LEVEL, Problem


def with_one_kg_taken(problem: Problem, capacity: int) -> Problem | None:
    """Return the problem after a kilogram from elsewhere entered at a capacity; None where none can."""
    limit = problem.tree.limit_kg.copy()
    node = capacity
    while node >= 0:
        limit[node] -= 1
        node = int(problem.tree.parent[node])
    return None if limit.min() < 0 else replace(problem, tree=replace(problem.tree, limit_kg=limit))


@pytest.mark.parametrize("seed", range(5))
def test_every_entry_costs_what_a_re_solve_with_a_kilogram_less_room_loses(seed: int) -> None:
    rng = np.random.default_rng(seed)
    dear = shut = 0
    for _ in range(20):
        problem = random_problem(rng, 6, 5, n_caps=3, largest_cost=5)
        plan = solve(problem)
        before = problem.level_sums(plan.mass_kg)[:TIE_LEVEL]
        costs = entry_costs(problem, plan.mass_kg)
        for capacity in range(5):
            taken = with_one_kg_taken(problem, capacity)
            if taken is None:
                assert (costs[:, capacity] == UNREACHED).all()
                shut += 1
                continue
            after = best_sums(taken)[:TIE_LEVEL]
            assert costs[:, capacity].tolist() == [a - b for a, b in zip(after, before, strict=True)]
            dear += bool(costs[:, capacity].any())
    assert dear > 10
    assert shut


def test_a_plan_that_is_not_optimal_has_no_entry_costs() -> None:
    problem = random_problem(np.random.default_rng(2), 6, 5)
    with pytest.raises(ArithmeticError, match="negative residual cycle"):
        entry_costs(problem, np.zeros(len(problem.arc_output), dtype=np.int64))
