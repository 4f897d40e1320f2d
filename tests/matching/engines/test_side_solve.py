"""Crossing caps and lots: lawful plans in whole kilograms, as good as another solver's, exactly bounded."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from random_problems import random_problem
from side_problems import brute_force, flow, random_pair, random_side, second_solution

from matching.engines.side_solve import SideSolution, solve_with_side
from matching.flow.problem import COST_LEVEL, LEVELS, TIE_LEVEL, Problem
from matching.flow.side_constraints import CrossingCap, SideConstraints, side_faults
from matching.proof.dual_bound import BoundProof, Multipliers, proven_bound

RANDOM_CASES = int(os.environ.get("CIRC_RANDOM_CASES", "100"))
"""Set it to 500 and more for a night's run."""


def solved(problem: Problem, side: SideConstraints, limit_s: float = 20.0) -> SideSolution:
    """Solve, and check what must hold of every answer: lawful, and no bound beyond the plan's value."""
    solution = solve_with_side(problem, side, flow, "ortools", limit_s)
    mass = solution.mass_kg
    placed = np.bincount(problem.arc_output, mass, len(problem.supply_kg)).astype(np.int64)
    assert np.all(mass >= 0)
    assert np.all(mass <= problem.arc_limit_kg)
    assert np.all(placed <= problem.supply_kg)
    assert np.all(problem.tree_load_kg(mass) <= problem.tree.limit_kg)
    assert side_faults(problem, side, mass) == []
    sums = problem.level_sums(mass)
    for level, bound in enumerate(solution.bounds):
        assert bound.bound == proven_bound(problem, side, level, sums, bound.proof) <= sums[level]
    return solution


def test_random_problems_agree_with_a_second_formulation_on_every_level() -> None:
    rng = np.random.default_rng(20261122)
    searched = 0
    for k in range(RANDOM_CASES):
        problem, side = random_pair(rng, k)
        solution = solved(problem, side)
        assert problem.level_sums(solution.mass_kg)[:TIE_LEVEL] == second_solution(problem, side), f"case {k}"
        searched += bool(solution.bounds)
    assert searched > RANDOM_CASES // 3, "too many were plain flows"


def test_no_plan_of_brute_force_up_to_4_by_4_beats_a_bound_or_the_plan() -> None:
    rng = np.random.default_rng(45)
    compared = 0
    while compared < 25:
        problem = random_problem(rng, 4, 4, n_caps=compared % 3, largest_mass=4, largest_cost=2)
        if not 100 < np.prod(problem.arc_limit_kg + 1.0) < 3_000:
            continue
        side = random_side(rng, problem, caps=compared % 3, lots=compared % 2 == 0)
        solution = solved(problem, side)
        best = brute_force(problem, side)
        assert problem.level_sums(solution.mass_kg)[:TIE_LEVEL] == best
        assert all(bound.bound <= value for bound, value in zip(solution.bounds, best, strict=False))
        compared += 1


def one_output_two_outlets(supply: int, rooms: tuple[int, int], cost: tuple[int, int] = (3, 7)) -> Problem:
    """An output with two outlets; the first is cheaper."""
    base, arcs = random_problem(np.random.default_rng(0), 1, 2), np.array([0, 1])
    of_level = {0: np.array([-1, -1]), COST_LEVEL: np.array(cost)}
    return replace(
        base,
        supply_kg=np.array([supply]),
        arc_output=np.array([0, 0]),
        arc_entry=arcs,
        arc_limit_kg=np.array([supply, supply]),
        tree=replace(base.tree, limit_kg=np.array(rooms), parent=np.array([-1, -1])),
        coefficients=tuple(of_level.get(level, np.zeros(2, dtype=np.int64)) for level in range(TIE_LEVEL)),
        output_ids=np.array(["O"]),
        arc_capacity=arcs,
        capacity_ids=np.array(["A", "B"]),
    )


def no_caps(lot: int) -> SideConstraints:
    return SideConstraints((), np.array([lot]))


def test_an_indivisible_lot_goes_whole_to_the_outlet_that_has_room() -> None:
    solution = solved(one_output_two_outlets(10, (6, 10)), no_caps(10))
    assert solution.mass_kg.tolist() == [0, 10], "6 kg of room at the cheaper outlet are of no use"


def test_a_lot_that_no_outlet_can_take_stays_whole_and_that_is_proven() -> None:
    solution = solved(one_output_two_outlets(10, (6, 6)), no_caps(10))
    assert solution.mass_kg.tolist() == [0, 0]
    assert [bound.bound for bound in solution.bounds] == [0] * len(LEVELS), (
        "no lot passes, so none is counted"
    )


def test_a_minimum_lot_may_be_split_into_lots() -> None:
    assert solved(one_output_two_outlets(10, (6, 6)), no_caps(4)).mass_kg.tolist() == [6, 4]
    assert solved(one_output_two_outlets(10, (7, 6)), no_caps(4)).mass_kg.tolist() == [6, 4], "not 7 and 3"


def test_an_output_below_its_own_lot_stays() -> None:
    assert solved(one_output_two_outlets(3, (6, 6)), no_caps(4)).mass_kg.tolist() == [0, 0]


def test_crossing_caps_that_do_not_bind_leave_the_flow_and_its_proof() -> None:
    problem = one_output_two_outlets(10, (6, 6))
    loose = SideConstraints((CrossingCap(0, np.array([0, 1]), 99),), np.array([0]))
    solution = solved(problem, loose)
    assert (solution.mass_kg.tolist(), solution.engine, solution.bounds) == ([6, 4], "ortools", ())


def test_without_time_a_lawful_plan_and_sound_bounds_come_back_all_the_same() -> None:
    rng = np.random.default_rng(6)
    for k in range(20):
        problem, side = random_pair(rng, k)
        solution = solved(problem, side, limit_s=0.0)
        best = second_solution(problem, side)
        assert problem.level_sums(solution.mass_kg)[:TIE_LEVEL] >= best
        if solution.bounds:
            assert solution.bounds[0].bound <= best[0]


def test_bad_multipliers_and_potentials_weaken_a_bound_and_never_break_it() -> None:
    rng = np.random.default_rng(7)
    for k in range(60):
        problem, side = random_pair(rng, k)
        best = second_solution(problem, side)
        nodes = len(problem.supply_kg) + len(problem.tree.parent) + 1
        for level in range(TIE_LEVEL):
            prices = Multipliers(
                int(rng.integers(1, 5)),
                tuple(int(p) for p in rng.integers(0, 9, len(side.caps))),
                tuple(int(p) for p in rng.integers(0, 9, level)),
            )
            proof = BoundProof(prices, rng.integers(-20, 20, nodes))
            assert proven_bound(problem, side, level, best, proof) <= best[level]


@pytest.mark.parametrize(
    "prices",
    [Multipliers(0, (), ()), Multipliers(1, (), (1,)), Multipliers(1, (1,), ()), Multipliers(-1, (), ())],
)
def test_a_proof_of_the_wrong_shape_or_sign_is_refused(prices: Multipliers) -> None:
    problem = one_output_two_outlets(10, (6, 6))
    with pytest.raises(ValueError, match="multiplier"):
        proven_bound(problem, no_caps(4), 0, (), BoundProof(prices, np.zeros(4, dtype=np.int64)))


def test_potentials_of_the_wrong_shape_or_size_are_refused() -> None:
    problem, prices = one_output_two_outlets(10, (6, 6)), Multipliers(1, (), ())
    for potentials in (np.zeros(3, dtype=np.int64), np.full(4, np.iinfo(np.int64).min)):
        with pytest.raises(ValueError, match="potential"):
            proven_bound(problem, no_caps(4), 0, (), BoundProof(prices, potentials))


def test_large_masses_and_costs_stay_exact() -> None:
    problem = one_output_two_outlets(10**12, (6 * 10**11 + 1, 10**12))
    *first, _, kept = problem.coefficients
    dear = replace(problem, coefficients=(*first, np.array([3, 10**9]), kept))
    side = SideConstraints((CrossingCap(0, np.array([0, 1]), 10**12 - 1),), np.array([0]))
    solution = solved(dear, side)
    assert solution.mass_kg.tolist() == [6 * 10**11 + 1, 4 * 10**11 - 2]
    sums = dear.level_sums(solution.mass_kg)
    gaps = [value - bound.bound for value, bound in zip(sums, solution.bounds, strict=True)]
    assert gaps[:TIE_LEVEL] == [0] * TIE_LEVEL
