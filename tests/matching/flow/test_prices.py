"""Prices: equal to a re-solve with one more kilogram, nested caps included."""

from __future__ import annotations

import numpy as np
import pytest
from random_problems import best_sums, random_problem, with_one_more_kg

from matching.engines.solve import solve
from matching.flow.prices import dual_prices
from matching.flow.problem import TIE_LEVEL
from matching.pairs.parts import build_problem
from seed.generate import generate_case


@pytest.mark.parametrize("seed", range(5))
def test_every_price_equals_a_re_solve_with_one_more_kilogram(seed: int) -> None:
    rng = np.random.default_rng(seed)
    priced = 0
    for _ in range(20):
        problem = random_problem(rng, 6, 5, n_caps=3, largest_cost=5)
        plan = solve(problem)
        before = problem.level_sums(plan.mass_kg)[:TIE_LEVEL]
        change = dual_prices(problem, plan.mass_kg).change
        for node in range(len(problem.tree.parent)):
            after = best_sums(with_one_more_kg(problem, node))[:TIE_LEVEL]
            assert change[:, node].tolist() == [a - b for a, b in zip(after, before, strict=True)]
            priced += bool(change[:, node].any())
    assert priced > 10, "hardly any limit was worth something; the test has no bite"


@pytest.mark.parametrize("seed", [1, 2])
def test_prices_of_a_whole_waste_group_equal_re_solves_too(seed: int) -> None:
    # among sixty limits a search drops what lies too far, and must take it up again when it comes near
    problem = build_problem(generate_case(600, 40, 1, seed))
    plan = solve(problem)
    before = problem.level_sums(plan.mass_kg)[:TIE_LEVEL]
    change = dual_prices(problem, plan.mass_kg).change
    nested = np.flatnonzero(
        (problem.tree.parent >= 0) & (problem.tree_load_kg(plan.mass_kg) == problem.tree.limit_kg)
    )
    for node in nested.tolist():
        more = with_one_more_kg(problem, node)
        after = more.level_sums(solve(more).mass_kg)[:TIE_LEVEL]
        assert change[:, node].tolist() == [a - b for a, b in zip(after, before, strict=True)], node
    assert np.count_nonzero(change[:, nested].any(axis=0)) > 10


def test_a_plan_that_is_not_optimal_has_no_prices() -> None:
    rng = np.random.default_rng(2)
    problem = random_problem(rng, 6, 5)
    assert best_sums(problem)[0] < 0
    with pytest.raises(ArithmeticError, match="negative residual cycle"):
        dual_prices(problem, np.zeros(len(problem.arc_output), dtype=np.int64))
