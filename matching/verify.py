"""The independent checker: is a plan lawful, feasible, worth what it says, and optimal?

It shares the problem's statement with the engines (matching.problem) and none of their code. Optimality
needs no trust in a solver: given one integer potential per node and level, every arc that could carry more
must have a lexicographically non-negative vector of reduced costs, every arc that carries mass a
non-positive one. Then no exchange of kilograms improves any level without worsening one before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from geopy.distance import geodesic

from circularity.units import MISSING, IntArray, divide_half_up
from matching.case import Case
from matching.eligibility import Arcs
from matching.problem import COST_LEVEL, LEVELS, Problem

POTENTIAL_BOUND = 2**61
DISTANCES_CHECKED = 2_000


@dataclass(frozen=True)
class Claim:
    """What a plan claims: kg per arc, kg unmatched per output, level values, potentials (levels × nodes)."""

    mass_kg: IntArray
    unmatched_kg: IntArray
    levels: tuple[int, ...]
    potentials: IntArray


def check(case: Case, arcs: Arcs, problem: Problem, claim: Claim) -> list[str]:
    """Return everything wrong with a claim about a case; an empty list means verified."""
    found = feasibility_faults(problem, claim)
    if found:
        return found
    return (
        value_faults(problem, claim)
        + distance_faults(case, arcs, claim.mass_kg)
        + optimality_faults(problem, claim)
    )


def feasibility_faults(problem: Problem, claim: Claim) -> list[str]:
    """Return broken supplies, lane limits, capacities and caps, all in exact kilograms."""
    mass, unmatched = claim.mass_kg, claim.unmatched_kg
    if mass.shape != problem.arc_output.shape or unmatched.shape != problem.supply_kg.shape:
        return ["the plan does not have the shape of the problem"]
    faults = []
    if np.any(mass < 0) or np.any(unmatched < 0):
        faults.append("a mass is negative")
    if np.any(mass > problem.arc_limit_kg):
        faults.append("a pair carries more than its lane or its output allows")
        return faults
    placed = np.zeros(len(problem.supply_kg), dtype=np.int64)
    np.add.at(placed, problem.arc_output, mass)
    for i in np.flatnonzero(placed + unmatched != problem.supply_kg)[:20]:
        faults.append(
            f"output {problem.output_ids[i]}: {placed[i]} kg placed + {unmatched[i]} kg unmatched "
            f"is not its {problem.supply_kg[i]} kg"
        )
    load = problem.tree_load_kg(mass)
    for node in np.flatnonzero(load > problem.tree.limit_kg)[:20]:
        faults.append(f"limit {node} carries {load[node]} kg of {problem.tree.limit_kg[node]} kg")
    return faults


def value_faults(problem: Problem, claim: Claim, levels: int = len(LEVELS)) -> list[str]:
    """Return levels, among the first so many, whose claimed value is not the sum in Python integers."""
    sums = problem.level_sums(claim.mass_kg)
    claims = list(zip(LEVELS, sums, claim.levels, strict=True))[:levels]
    return [
        f"level {level.name} is {level.value(actual)}, not {claimed}"
        for level, actual, claimed in claims
        if level.value(actual) != claimed
    ]


def distance_faults(case: Case, arcs: Arcs, mass_kg: IntArray) -> list[str]:
    """Return used pairs whose distance differs by over a metre from geopy's geodesic.

    Pairs on lanes are given, not computed. Of very many pairs an evenly spread selection is measured.
    """
    allowed_m = distance_tolerance_m(case)
    outputs, facilities = case.outputs, case.facilities
    lanes = set(zip(case.lanes.output.tolist(), case.lanes.capacity.tolist(), strict=True))
    used = np.flatnonzero((mass_kg > 0) & (arcs.distance_m != MISSING))
    faults = []
    for a in used[:: max(1, -(-len(used) // DISTANCES_CHECKED))].tolist():
        i, j = int(arcs.output[a]), int(arcs.capacity[a])
        f = int(case.capacities.facility[j])
        if (i, j) in lanes:
            continue
        here = outputs.lat_e7[i] / 1e7, outputs.lon_e7[i] / 1e7
        there = facilities.lat_e7[f] / 1e7, facilities.lon_e7[f] / 1e7
        straight_mm = round(geodesic(here, there).m * 1000)
        expected = divide_half_up(straight_mm * case.parameters.detour_permille, 1_000_000)
        if abs(expected - int(arcs.distance_m[a])) > allowed_m:
            faults.append(f"pair {outputs.output_id[i]} to {case.capacities.capacity_id[j]}: "
                          f"{arcs.distance_m[a]} m, geodesic says {expected} m")  # fmt: skip
    return faults


def distance_tolerance_m(case: Case) -> int:
    """Return by how many metres two honest computations of a distance may differ: 1 m before the detour."""
    return 1 - (-case.parameters.detour_permille // 1000)


def optimality_faults(problem: Problem, claim: Claim, levels: int = len(LEVELS)) -> list[str]:
    """Return arcs on which the certificate's vector of reduced costs has the wrong sign.

    `levels` limits the vectors to the first so many levels.
    """
    n_outputs, n_tree = len(problem.supply_kg), len(problem.tree.parent)
    potentials = claim.potentials
    if potentials.shape != (len(LEVELS), n_outputs + n_tree + 1):
        return ["the certificate does not have the shape of the problem"]
    if potentials.size and int(np.abs(potentials).max()) >= POTENTIAL_BOUND:
        return ["a potential is too large to be checked"]
    load = problem.tree_load_kg(claim.mass_kg)
    parent = np.where(problem.tree.parent < 0, n_tree, problem.tree.parent)
    groups = (
        ("pair", problem.arc_output, problem.arc_entry + n_outputs, claim.mass_kg, problem.arc_limit_kg),
        ("unmatched part of output", np.arange(n_outputs), np.full(n_outputs, n_outputs + n_tree),
         claim.unmatched_kg, problem.supply_kg),
        ("limit", np.arange(n_tree) + n_outputs, parent + n_outputs, load, problem.tree.limit_kg),
    )  # fmt: skip
    faults = []
    for kind, tail, head, flow, limit in groups:
        sign, _ = _first_sign(problem, potentials[:levels], tail, head, costed=kind == "pair")
        wrong = ((sign < 0) & (flow < limit)) | ((sign > 0) & (flow > 0))
        faults += [f"{kind} {a} could be improved" for a in np.flatnonzero(wrong)[:10]]
    return faults


def cost_gap_bound_ucny(problem: Problem, claim: Claim) -> int:
    """Return a proven bound on how much cheaper any plan equal on the levels before the cost could be.

    Weak duality with the claim's potentials: used pairs count their positive reduced cost, and each kilogram
    of an output at most the most negative one among its pairs. 0 for an optimal plan.
    """
    n_outputs = len(problem.supply_kg)
    tail, head = problem.arc_output, problem.arc_entry + n_outputs
    _, tied = _first_sign(problem, claim.potentials[:COST_LEVEL], tail, head, costed=True)
    potential = claim.potentials[COST_LEVEL]
    reduced = potential[tail[tied]] - potential[head[tied]] + problem.coefficient(COST_LEVEL, tied)
    worst = np.zeros(n_outputs, dtype=np.int64)
    np.maximum.at(worst, tail[tied], -reduced)
    used = np.flatnonzero((claim.mass_kg[tied] > 0) & (reduced > 0))
    pairs = zip(claim.mass_kg[tied[used]].tolist(), reduced[used].tolist(), strict=True)
    supplies = zip(problem.supply_kg.tolist(), worst.tolist(), strict=True)
    bound: int = sum(mass * cost for mass, cost in pairs) + sum(mass * cost for mass, cost in supplies)
    return bound


def _first_sign(
    problem: Problem, potentials: IntArray, tail: IntArray, head: IntArray, *, costed: bool
) -> tuple[npt.NDArray[np.int8], IntArray]:
    """Return the sign of each arc's first non-zero reduced cost, and the arcs that are zero throughout."""
    sign = np.zeros(len(tail), dtype=np.int8)
    undecided = np.arange(len(tail))
    for level, potential in enumerate(potentials):
        reduced = potential[tail[undecided]] - potential[head[undecided]]
        if costed:
            reduced = reduced + problem.coefficient(level, undecided)
        sign[undecided] = np.sign(reduced)
        undecided = undecided[reduced == 0]
    return sign, undecided
