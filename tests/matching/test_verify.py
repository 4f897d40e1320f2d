"""The checker: accepts the optimum, refuses everything that brute force shows worse or infeasible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from random_problems import best_sums, claim_of, faults, random_problem

from matching.prices import dual_prices
from matching.problem import LEVELS
from matching.solve import solve
from matching.verify import feasibility_faults


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
            equally_good = not feasibility_faults(problem, claim) and problem.level_sums(mutant) == optimum
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
