"""The engines: right on every level, the same plan whatever computed it."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from random_problems import best_sums, random_problem

from matching.engines.lemon_flow import AVAILABLE
from matching.engines.network_flow import NotProvenError, networkx_flow, ortools_flow
from matching.engines.solve import _level_groups, components, solve
from matching.flow.problem import Problem


def test_500_random_problems_with_nested_caps_agree_with_a_second_engine_on_every_level() -> None:
    rng = np.random.default_rng(20260901)
    for k in range(500):
        problem = random_problem(
            rng,
            int(rng.integers(1, 9)),
            int(rng.integers(1, 7)),
            n_caps=int(rng.integers(0, 4)),
            lanes=bool(k % 2),
            largest_cost=3 if k % 3 else 30,
        )
        one, other = solve(problem, "ortools"), solve(problem, "networkx")
        assert problem.level_sums(one.mass_kg) == problem.level_sums(other.mass_kg), f"problem {k}"
        assert one.mass_kg.tolist() == other.mass_kg.tolist(), f"problem {k}: the plan is not unique"


@pytest.mark.skipif(not AVAILABLE, reason="the extra circularity[fast] is not installed")
def test_the_fast_extra_gives_the_same_plans() -> None:
    rng = np.random.default_rng(31)
    for k in range(300):
        problem = random_problem(
            rng, int(rng.integers(1, 9)), int(rng.integers(1, 7)), n_caps=k % 4, lanes=bool(k % 2)
        )
        fast, plain = solve(problem, "lemon"), solve(problem, "ortools")
        assert fast.mass_kg.tolist() == plain.mass_kg.tolist(), f"problem {k}"


def test_levels_are_packed_only_under_a_proven_bound() -> None:
    """One level a solve, as for enormous costs, must give what packed levels give."""
    rng = np.random.default_rng(32)
    for _ in range(50):
        problem = random_problem(rng, 7, 5, n_caps=2, largest_cost=40)
        assert len(_level_groups(problem)) == 2, "six small levels in one solve, and the tie"
        *first, cost, kept = problem.coefficients
        dear = replace(problem, coefficients=(*first, cost * 10**13, kept))
        assert len(_level_groups(dear)) == 3, "such costs are not packed with the levels before"
        assert solve(dear).mass_kg.tolist() == solve(problem).mass_kg.tolist()


def brute_force_sums(problem: Problem) -> tuple[int, ...]:
    """Return the lexicographically least sums over every feasible integer plan."""
    best: tuple[int, ...] | None = None
    for masses in product(*(range(int(limit) + 1) for limit in problem.arc_limit_kg)):
        mass = np.array(masses, dtype=np.int64)
        placed = np.bincount(problem.arc_output, mass, len(problem.supply_kg))
        if np.any(placed > problem.supply_kg):
            continue
        if np.any(problem.tree_load_kg(mass) > problem.tree.limit_kg):
            continue
        sums = problem.level_sums(mass)
        best = sums if best is None or sums < best else best
    assert best is not None
    return best


def test_brute_force_over_every_integer_plan_of_up_to_4_by_4_agrees() -> None:
    rng = np.random.default_rng(44)
    compared = 0
    while compared < 40:
        problem = random_problem(rng, 4, 4, n_caps=int(rng.integers(0, 3)), largest_mass=4, largest_cost=2)
        if np.prod(problem.arc_limit_kg + 1.0) > 4_000:
            continue
        assert best_sums(problem) == brute_force_sums(problem)
        compared += 1


def test_components_cover_every_arc_once() -> None:
    problem = random_problem(np.random.default_rng(3), 60, 20, groups=6, n_caps=4)
    covered = np.concatenate([arcs for arcs, _ in components(problem)])
    assert sorted(covered.tolist()) == list(range(len(problem.arc_output)))


@pytest.mark.parametrize("engine", [ortools_flow, networkx_flow])
def test_an_engine_without_an_answer_says_so_instead_of_answering(engine: object) -> None:
    one = np.array([1], dtype=np.int64)
    supply = np.array([2, -2], dtype=np.int64)
    with pytest.raises(NotProvenError):
        engine(one - 1, one, one, one, supply)  # type: ignore[operator]  # None fails the test


def test_numbers_that_would_wrap_are_refused_before_they_reach_an_engine() -> None:
    one = np.array([1], dtype=np.int64)
    huge = np.array([2**61, -(2**61)], dtype=np.int64)
    with pytest.raises(OverflowError):
        ortools_flow(one - 1, one, huge[:1], one, huge)
    with pytest.raises(OverflowError):
        ortools_flow(one - 1, one, one, np.array([2**60]), np.array([1, -1]))


def test_an_unknown_engine_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="unknown engine abacus"):
        solve(random_problem(np.random.default_rng(1), 2, 2), "abacus")
