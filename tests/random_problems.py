"""Random small problems for cross-checks: ties of cost, nested caps and lane limits on purpose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from circularity.units import IntArray
from matching.engines.solve import solve
from matching.flow.cap_tree import CapTree
from matching.flow.problem import LEVELS, Problem
from matching.proof.optimality import Claim, arc_faults
from matching.proof.verify import feasibility_faults, potential_faults, value_faults


def random_problem(
    rng: np.random.Generator,
    n_outputs: int,
    n_capacities: int,
    *,
    n_caps: int = 0,
    lanes: bool = False,
    largest_mass: int = 20,
    largest_cost: int = 30,
    groups: int = 1,
) -> Problem:
    """Return a problem over `groups` waste groups with about 60 % of the pairs lawful."""
    group_o, group_c = rng.integers(0, groups, n_outputs), rng.integers(0, groups, n_capacities)
    lawful = (group_o[:, None] == group_c[None, :]) & (rng.random((n_outputs, n_capacities)) < 0.6)
    i, j = (index.astype(np.int64) for index in np.nonzero(lawful))
    supply = rng.integers(0, largest_mass, n_outputs)
    limit = np.minimum(supply[i], rng.integers(0, largest_mass, len(i))) if lanes else supply[i]
    return Problem(
        supply_kg=supply,
        arc_output=i,
        arc_entry=j,
        arc_limit_kg=limit,
        tree=_random_tree(rng, n_outputs, n_capacities, n_caps, largest_mass),
        coefficients=(
            np.full(len(i), -1, np.int8),
            (-rng.integers(0, 2, n_outputs)[i]).astype(np.int8),
            (-rng.integers(0, 2, n_capacities)[j]).astype(np.int8),
            rng.integers(1, 9, n_capacities)[j].astype(np.int8),
            rng.integers(-largest_cost, largest_cost + 1, len(i)),
            (-rng.integers(0, 2, len(i))).astype(np.int8),
        ),
        output_ids=np.array([f"O{k:05d}" for k in range(n_outputs)], dtype=str),
        arc_capacity=j,
        capacity_ids=np.array([f"C{k:05d}" for k in range(n_capacities)], dtype=str),
    )


def _random_tree(
    rng: np.random.Generator, n_outputs: int, n_capacities: int, n_caps: int, largest_mass: int
) -> CapTree:
    parent = np.full(n_capacities + n_caps, -1, dtype=np.int64)
    limits = rng.integers(0, largest_mass * n_outputs // n_capacities + 2, n_capacities).tolist()
    for cap in range(n_capacities, n_capacities + n_caps):
        tops = [node for node in range(cap) if parent[node] < 0]
        below = rng.choice(tops, rng.integers(1, min(4, len(tops)) + 1), replace=False)
        parent[below] = cap
        limits.append(int(sum(limits[node] for node in below) * rng.random()))
    return CapTree(np.array(limits, dtype=np.int64), parent, ())


def with_one_more_kg(problem: Problem, node: int) -> Problem:
    """Return the problem with one limit raised by a kilogram."""
    limit = problem.tree.limit_kg.copy()
    limit[node] += 1
    return replace(problem, tree=replace(problem.tree, limit_kg=limit))


def best_sums(problem: Problem, engine: str = "ortools") -> tuple[int, ...]:
    """Return the optimal minimised sums of all levels."""
    return problem.level_sums(solve(problem, engine).mass_kg)


def claim_of(problem: Problem, mass_kg: IntArray, potentials: IntArray) -> Claim:
    """Return the truthful claim about a mass vector under given potentials."""
    unmatched = problem.supply_kg.copy()
    np.subtract.at(unmatched, problem.arc_output, mass_kg)
    sums = problem.level_sums(mass_kg)
    values = tuple(level.value(total) for level, total in zip(LEVELS, sums, strict=True))
    return Claim(problem.arc_output, problem.arc_capacity, mass_kg, unmatched, values, potentials)


def faults(problem: Problem, claim: Claim) -> list[str]:
    """Return everything that the checker finds wrong with a claim about a bare problem."""
    nodes = len(problem.supply_kg) + len(problem.tree.parent) + 1
    return (
        feasibility_faults(problem, claim.mass_kg, claim.unmatched_kg)
        + value_faults(problem, claim)
        + (
            potential_faults(claim.potentials, nodes)
            or arc_faults(problem, claim.mass_kg, claim.unmatched_kg, claim.potentials)
        )
    )
