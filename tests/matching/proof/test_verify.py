"""The checker: accepts the optimum, refuses everything that brute force shows worse or infeasible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from builders import ANHUI, capacity, case, output
from random_problems import best_sums, claim_of, faults, random_problem

from matching.engines.solve import solve
from matching.flow.prices import dual_prices
from matching.flow.problem import LEVELS
from matching.pairs.arcs import find_arcs
from matching.pairs.parts import build_problem, prepare
from matching.plans.metre_gap import cost_gap_bound_ucny
from matching.plans.plan import make_plan
from matching.proof.optimality import Claim
from matching.proof.verify import check, distance_faults, feasibility_faults


def test_the_optimum_of_every_random_problem_is_accepted() -> None:
    rng = np.random.default_rng(11)
    for k in range(100):
        problem = random_problem(rng, 7, 5, n_caps=k % 4, lanes=bool(k % 2))
        mass = solve(problem).mass_kg
        assert faults(problem, claim_of(problem, mass, dual_prices(problem, mass).potentials)) == []


def test_of_1000_mutated_plans_each_is_refused_unless_it_is_equally_good() -> None:
    rng = np.random.default_rng(12)
    refused = worse = 0
    while refused + worse < 1_000:
        problem = random_problem(rng, 6, 5, n_caps=2, largest_cost=3)
        if not len(problem.arc_output):
            continue
        mass = solve(problem).mass_kg
        potentials = dual_prices(problem, mass).potentials
        optimum = best_sums(problem)
        for _ in range(20):
            mutant = mass.copy()
            mutant[rng.integers(len(mass))] += rng.integers(-3, 4)
            mutant[rng.integers(len(mass))] += rng.integers(-3, 4)
            claim = claim_of(problem, mutant, potentials)
            equally_good = (
                not feasibility_faults(problem, mutant, claim.unmatched_kg)
                and problem.level_sums(mutant) == optimum
            )
            assert (faults(problem, claim) == []) == equally_good
            refused, worse = refused + (not equally_good), worse + equally_good
    assert refused > 800


def test_a_level_that_is_overstated_is_refused() -> None:
    problem = random_problem(np.random.default_rng(5), 6, 5)
    mass = solve(problem).mass_kg
    claim = claim_of(problem, mass, dual_prices(problem, mass).potentials)
    for k, level in enumerate(LEVELS):
        values = tuple(v + (n == k) for n, v in enumerate(claim.levels))
        assert faults(problem, replace(claim, levels=values))[0].startswith(f"level {level.name} is")


def test_potentials_of_another_plan_prove_nothing() -> None:
    problem = random_problem(np.random.default_rng(5), 6, 5)
    mass = solve(problem).mass_kg
    potentials = dual_prices(problem, mass).potentials
    shifted = potentials.copy()
    shifted[0, 0] -= 2
    assert faults(problem, claim_of(problem, mass, shifted)) != []
    assert faults(problem, claim_of(problem, mass, potentials[:, :-1])) != []
    assert faults(problem, claim_of(problem, mass, potentials + 2**61)) != []


def test_a_potential_at_the_edge_of_64_bits_proves_nothing() -> None:
    built = case([output("O", 10)], [capacity("C", 10)])
    potentials = np.zeros((len(LEVELS), 3), dtype=np.int64)
    potentials[0, 0] = np.iinfo(np.int64).min  # less 1 kg placed, it wraps round to the largest integer
    none = np.empty(0, np.int64)
    nothing_placed = Claim(none, none, none, np.array([10_000]), (0,) * len(LEVELS), potentials)
    assert check(prepare(built), nothing_placed) == ["a potential is too large to be checked"]


def test_a_saturated_lane_opens_no_gap_in_the_cost() -> None:
    built = case(
        [output("O", 10)],
        [capacity("NEAR", 10), capacity("FAR", 10)],
        lanes=[
            {"output": "O", "capacity": "NEAR", "cost_cny_per_t": 1, "limit_t": 4},
            {"output": "O", "capacity": "FAR", "cost_cny_per_t": 9},
        ],
        only_lanes=True,
    )
    plan = make_plan(built)
    assert plan.mass_kg.tolist() == [6_000, 4_000]
    assert cost_gap_bound_ucny(build_problem(built), plan.mass_kg, plan.claim) == 0


def test_a_distance_that_a_lane_leaves_open_is_measured_again() -> None:
    built = case(
        [output("O", 10)], [capacity("C", 10, place=ANHUI)],
        lanes=[{"output": "O", "capacity": "C", "cost_cny_per_t": 1}],
    )  # fmt: skip
    arcs = find_arcs(built)
    pair = arcs.output, arcs.capacity
    assert distance_faults(built, *pair, arcs.distance_m) == []
    assert len(distance_faults(built, *pair, arcs.distance_m + 1_000)) == 1
