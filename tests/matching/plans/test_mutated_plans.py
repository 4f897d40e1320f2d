"""Written plans with other masses, all else in them consistent: refused unless brute force finds none better.

MUTATED_PLANS=1000 takes about a minute.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from builders import ANHUI, AS_OF, SHANGHAI, capacity, case, output

from circularity.units import IntArray
from matching.case import Case
from matching.case_format.files import read_case, write_case
from matching.flow.problem import LEVELS, Problem
from matching.pairs.arcs import find_arcs
from matching.pairs.parts import build_problem
from matching.plans.files import write_plan
from matching.plans.plan import Plan, make_plan
from matching.plans.verification import verify_written_plan
from matching.proof.verify import feasibility_faults

MUTANTS = int(os.environ.get("MUTATED_PLANS", "150"))
OF_EACH_CASE = 25
MOST_PLANS = 5_000
"""Brute force looks at no more plans of a case than this."""

READING: dict[str, Any] = {
    "as_of": AS_OF.isoformat(),
    "friendly": False,
    "only_lanes": False,
    "max_distance_m": None,
}


def small_case(rng: np.random.Generator) -> Case:
    """Up to 4 outputs of a few kilograms and 4 outlets, half of them alike, under a cap or none."""
    kg = [int(each) for each in rng.integers(1, 5, 4)]
    outputs = [output(f"O{k}", kg[k] / 1000) for k in range(int(rng.integers(1, 5)))]
    capacities = [
        capacity(
            f"C{k}",
            int(rng.integers(0, 6)) / 1000,
            place=SHANGHAI if rng.random() < 0.7 else ANHUI,
            gate_fee_cny_per_t=int(rng.integers(0, 2)),
        )
        for k in range(int(rng.integers(1, 5)))
    ]
    members = [row["capacity_id"] for row in capacities[:2]]
    caps = [("K", int(rng.integers(1, 6)) / 1000, members, "")] if rng.random() < 0.5 else []
    return case(outputs, capacities, caps)


def every_plan(problem: Problem) -> Iterator[IntArray]:
    """Yield every feasible plan in whole kilograms."""
    for masses in product(*(range(int(limit) + 1) for limit in problem.arc_limit_kg)):
        mass = np.array(masses, dtype=np.int64)
        if not feasibility_faults(problem, mass, left_over(problem, mass)):
            yield mass


def left_over(problem: Problem, mass_kg: IntArray) -> IntArray:
    """Return what the masses leave of each output; below 0 where they are more than it."""
    left = problem.supply_kg.copy()
    np.subtract.at(left, problem.arc_output, mass_kg)
    return left


def with_masses(plan: Plan, problem: Problem, mass_kg: IntArray) -> Plan:
    """Return a plan that says of other masses whatever follows from them; prices and potentials stay."""
    arcs, used = find_arcs(plan.case), np.flatnonzero(mass_kg)
    columns = {
        name: {key: each[used] for key, each in value.items()} if isinstance(value, dict) else value[used]
        for name, value in vars(arcs).items()
        if name not in ("excluded", "not_asked")
    }
    sums = problem.level_sums(mass_kg)
    values = [level.value(total) for level, total in zip(LEVELS, sums, strict=True)]
    levels = tuple(replace(v, value=x, bound=x) for v, x in zip(plan.levels, values, strict=True))
    return replace(
        plan, arcs=replace(arcs, **columns), mass_kg=mass_kg[used], unmatched_kg=left_over(problem, mass_kg),
        load_kg=problem.tree_load_kg(mass_kg), levels=levels,
    )  # fmt: skip


def mutated(rng: np.random.Generator, mass_kg: IntArray) -> IntArray:
    """Move a few kilograms from one pair to another, or put some on and take some off."""
    mutant = mass_kg.copy()
    by = int(rng.integers(1, 4))
    mutant[rng.integers(len(mutant))] += by
    mutant[rng.integers(len(mutant))] -= by if rng.random() < 0.7 else int(rng.integers(0, 3))
    return np.maximum(mutant, 0)


def on_every_pair(plan: Plan, problem: Problem) -> IntArray:
    """Return the plan's masses on all lawful pairs."""
    width, mass_kg = plan.case.shape[1], np.zeros(len(problem.arc_output), dtype=np.int64)
    used = plan.arcs.output * width + plan.arcs.capacity
    mass_kg[np.isin(problem.arc_output * width + problem.arc_capacity, used)] = plan.mass_kg
    return mass_kg


def test_a_mutated_plan_passes_only_where_brute_force_finds_none_better(tmp_path: Path) -> None:
    rng, refused = np.random.default_rng(20261128), 0
    while refused < MUTANTS:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        write_case(small_case(rng), folder / "case")
        built = read_case(folder / "case", friendly=False, as_of=AS_OF).case
        problem = build_problem(built)
        if not 1 < np.prod(problem.arc_limit_kg + 1.0) <= MOST_PLANS:
            continue
        plan = make_plan(built)
        optimum = on_every_pair(plan, problem)
        best = min(problem.level_sums(mass) for mass in every_plan(problem))
        for mutant in (optimum, *(mutated(rng, optimum) for _ in range(OF_EACH_CASE))):
            left = left_over(problem, mutant)
            if np.any(left < 0):
                continue  # no table can say that less than nothing stays behind
            as_good = not feasibility_faults(problem, mutant, left) and problem.level_sums(mutant) == best
            write_plan(with_masses(plan, problem, mutant), folder / "plan", READING)
            faults = verify_written_plan(folder / "case", folder / "plan", ignore_digests=True).faults
            assert (faults == []) == as_good, f"{mutant.tolist()} beside {optimum.tolist()}: {faults}"
            refused += not as_good
        assert problem.level_sums(optimum) == best
