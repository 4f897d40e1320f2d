"""Bottlenecks: room anywhere else places nothing more."""

from __future__ import annotations

import numpy as np
from builders import capacity, case, output
from random_problems import best_sums, random_problem, with_one_more_kg

from matching.engines.solve import solve
from matching.flow.graph import bottlenecks
from matching.plans.plan import make_plan


def test_only_room_inside_a_bottleneck_places_more() -> None:
    rng = np.random.default_rng(8)
    inside = 0
    for _ in range(30):
        problem = random_problem(rng, 7, 5, groups=2)
        mass = solve(problem).mass_kg
        before = problem.level_sums(mass)[0]
        found = bottlenecks(problem, mass)
        members = {node for bottleneck in found for node in bottleneck.limits}
        for node in range(5):
            places_more = best_sums(with_one_more_kg(problem, node))[0] < before
            assert places_more == (node in members)
        inside += len(members)
    assert inside > 20, "hardly any bottleneck was looked at"


def test_an_outlet_to_which_mass_under_a_shared_limit_could_move_is_part_of_the_bottleneck() -> None:
    # O1 waits for A under a full line; O2 fills the line at B and would leave it for C, had C room
    lanes = [("O1", "A"), ("O2", "B"), ("O2", "C")]
    plan = make_plan(
        case(
            [output("O1", 10), output("O2", 10)],
            [capacity("A", 100), capacity("B", 100), capacity("C", 5)],
            caps=[("line", 10, ["A", "B"], "")],
            lanes=[{"output": o, "capacity": c, "distance_km": 1} for o, c in lanes],
            only_lanes=True,
        )
    )
    (found,) = plan.bottlenecks
    assert (found.limits, found.unmatched_kg) == ((2, 3), 5_000), "C and the line"
    assert plan.prices.placed_per_kg.tolist() == [0, 0, 1, 1]


def test_under_shared_limits_only_room_inside_a_bottleneck_places_more() -> None:
    rng = np.random.default_rng(18)
    helpful = 0
    for k in range(60):
        problem = random_problem(rng, 7, 5, n_caps=3, groups=2, lanes=bool(k % 2))
        mass = solve(problem).mass_kg
        before = problem.level_sums(mass)[0]
        members = {node for bottleneck in bottlenecks(problem, mass) for node in bottleneck.limits}
        load = problem.tree_load_kg(mass)
        assert all(load[node] == problem.tree.limit_kg[node] for node in members)
        for node in range(len(problem.tree.parent)):
            if best_sums(with_one_more_kg(problem, node))[0] < before:
                assert node in members
                helpful += 1
    assert helpful > 40, "hardly any limit was worth enlarging"


def test_the_mass_before_all_bottlenecks_is_the_lawful_mass_left_unmatched() -> None:
    rng = np.random.default_rng(9)
    for _ in range(30):
        problem = random_problem(rng, 7, 5, n_caps=3, groups=2)
        mass = solve(problem).mass_kg
        waiting = problem.supply_kg.copy()
        np.subtract.at(waiting, problem.arc_output, mass)
        lawful = np.isin(np.arange(7), problem.arc_output)
        assert sum(b.unmatched_kg for b in bottlenecks(problem, mass)) == waiting[lawful].sum()
