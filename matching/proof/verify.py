"""The independent checker: is a plan lawful, feasible, worth what it says, and optimal?

It shares the problem's statement with the engines (rules, limits, coefficients) and none of their code.
Optimality is judged in `matching.proof.optimality`.
"""

from __future__ import annotations

import numpy as np
from geopy.distance import geodesic

from circularity.acceptance.pairs import Pairs
from circularity.units import MISSING, IntArray, divide_half_up, format_tonnes
from matching.case import Case
from matching.flow.problem import LEVELS, Problem
from matching.flow.side_constraints import side_faults
from matching.pairs.distances import lane_rows
from matching.pairs.eligibility import listed_lawful, with_distances
from matching.pairs.lawful_pairs import LawfulPairs
from matching.pairs.parts import Prepared, split, whole
from matching.proof.optimality import Claim, are_lawful, optimality_faults
from matching.proof.parts_proven import bounds_of, claim_of, proof_faults
from matching.proof.sided_parts import could_bind, divided, side_of

POTENTIAL_BOUND = 2**61
DISTANCES_CHECKED = 200


def check(prepared: Prepared, claim: Claim) -> list[str]:
    """Return everything wrong with a claim about a case; an empty list means verified."""
    return claim_faults(prepared, claim) or unproven(prepared, claim)


def unproven(prepared: Prepared, claim: Claim) -> list[str]:
    """Return what a claim's potentials and bounds fail to prove."""
    if not could_bind(whole(prepared)):
        stray = ["the certificate has bounds where limits nest and no lot is stated"] if claim.bounds else []
        return stray or optimality_faults(whole(prepared), claim)
    faults, bounded = [], set()
    for sided in (each for part in split(prepared) for each in divided(part, part.eligibility())):
        faults += proof_faults(sided, claim_of(claim, sided.part))
        bounded |= {int(sided.part.outputs[0])} if bounds_of(claim, sided.part) else set()
    return faults + [f"the certificate has bounds for no part: {row}" for row in set(claim.bounds) - bounded]


def claim_faults(prepared: Prepared, claim: Claim, but: tuple[int, ...] = ()) -> list[str]:
    """Return what is wrong with a claim short of optimality; values of the levels `but` are not compared."""
    faults = shape_faults(prepared, claim)
    if faults:
        return faults
    pairs, distance_m, faults = used_pairs(prepared, claim)
    if faults:
        return faults
    problem = whole(prepared).problem(pairs)
    return feasibility_faults(problem, claim.mass_kg, claim.unmatched_kg) or (
        side_faults(problem, side_of(whole(prepared), problem), claim.mass_kg)
        + value_faults(problem, claim, but)
        + distance_faults(prepared.case, claim.output, claim.capacity, distance_m)
    )


def shape_faults(prepared: Prepared, claim: Claim) -> list[str]:
    """Return columns that do not fit each other or the case, and potentials too large to be checked."""
    n_outputs, n_capacities = prepared.case.shape
    if len(claim.levels) != len(LEVELS):
        return ["the certificate does not name every level"]
    key = claim.output * n_capacities + claim.capacity
    fits = claim.unmatched_kg.shape == (n_outputs,) and claim.mass_kg.shape == key.shape
    if not fits or np.any(np.diff(key) <= 0):
        return ["the plan does not have the shape of the problem"]
    return potential_faults(claim.potentials, n_outputs + len(prepared.tree.parent) + 1)


def potential_faults(potentials: IntArray, nodes: int) -> list[str]:
    """Return what makes potentials unfit to be judged: another shape, or numbers that could wrap."""
    if potentials.shape != (len(LEVELS), nodes):
        return ["the certificate does not have the shape of the problem"]
    # not through np.abs: the smallest int64 has no absolute value and would pass as negative
    if max(int(potentials.max()), -int(potentials.min())) >= POTENTIAL_BOUND:
        return ["a potential is too large to be checked"]
    return []


def used_pairs(prepared: Prepared, claim: Claim) -> tuple[LawfulPairs, IntArray, list[str]]:
    """Return the claim's pairs with their costs, their distances in metres, and those that are not lawful."""
    case = prepared.case
    pairs = with_distances(case, Pairs(prepared.tables, claim.output, claim.capacity))
    lawful = are_lawful(prepared, pairs)
    if case.parameters.only_lanes:
        lawful &= lane_rows(case, pairs.i, pairs.j) >= 0
    outputs, capacities = case.outputs.output_id, case.capacities.capacity_id
    faults = [
        f"{outputs[claim.output[a]]} to {capacities[claim.capacity[a]]} is no lawful pair of the case"
        for a in np.flatnonzero(~lawful).tolist()
    ]
    unknown = np.full(len(pairs), MISSING, dtype=np.int64)
    return listed_lawful(case, pairs), unknown if pairs.distance_m is None else pairs.distance_m, faults


def feasibility_faults(problem: Problem, mass_kg: IntArray, unmatched_kg: IntArray) -> list[str]:
    """Return broken supplies, lane limits, capacities and caps, all in exact kilograms."""
    if mass_kg.shape != problem.arc_output.shape or unmatched_kg.shape != problem.supply_kg.shape:
        return ["the plan does not have the shape of the problem"]
    faults = []
    if np.any(mass_kg < 0) or np.any(unmatched_kg < 0):
        faults.append("a mass is negative")
    if np.any(mass_kg > problem.arc_limit_kg):
        faults.append("a pair carries more than its lane or its output allows")
        return faults
    placed = np.zeros(len(problem.supply_kg), dtype=np.int64)
    np.add.at(placed, problem.arc_output, mass_kg)
    for i in np.flatnonzero(placed + unmatched_kg != problem.supply_kg)[:20]:
        faults.append(
            f"output {problem.output_ids[i]}: {format_tonnes(placed[i])} t placed + "
            f"{format_tonnes(unmatched_kg[i])} t unmatched is not its {format_tonnes(problem.supply_kg[i])} t"
        )
    load = problem.tree_load_kg(mass_kg)
    for node in np.flatnonzero(load > problem.tree.limit_kg)[:20]:
        carries_t, limit_t = format_tonnes(load[node]), format_tonnes(problem.tree.limit_kg[node])
        faults.append(f"limit {node} carries {carries_t} t of {limit_t} t")
    return faults


def value_faults(problem: Problem, claim: Claim, but: tuple[int, ...] = ()) -> list[str]:
    """Return levels, but those at the places `but`, whose claimed value is not the exact sum."""
    sums = problem.level_sums(claim.mass_kg)
    return [
        f"level {level.name} is {level.value(actual)}, not {claimed}"
        for k, (level, actual, claimed) in enumerate(zip(LEVELS, sums, claim.levels, strict=True))
        if k not in but and level.value(actual) != claimed
    ]


def distance_faults(case: Case, output: IntArray, capacity: IntArray, distance_m: IntArray) -> list[str]:
    """Return pairs whose distance differs by over a metre from geopy's geodesic.

    A lane's own distance is given, not computed. Of very many pairs an evenly spread selection is measured.
    """
    allowed_m = distance_tolerance_m(case)
    outputs, facilities = case.outputs, case.facilities
    told = case.lanes.distance_m != MISSING
    lanes = set(zip(case.lanes.output[told].tolist(), case.lanes.capacity[told].tolist(), strict=True))
    known = np.flatnonzero(distance_m != MISSING)
    faults = []
    for a in known[:: max(1, -(-len(known) // DISTANCES_CHECKED))].tolist():
        i, j = int(output[a]), int(capacity[a])
        f = int(case.capacities.facility[j])
        if (i, j) in lanes:
            continue
        here = outputs.lat_e7[i] / 1e7, outputs.lon_e7[i] / 1e7
        there = facilities.lat_e7[f] / 1e7, facilities.lon_e7[f] / 1e7
        straight_mm = round(geodesic(here, there).m * 1000)
        expected = divide_half_up(straight_mm * case.parameters.detour_permille, 1_000_000)
        if abs(expected - int(distance_m[a])) > allowed_m:
            faults.append(f"pair {outputs.output_id[i]} to {case.capacities.capacity_id[j]}: "
                          f"{distance_m[a]} m, geodesic says {expected} m")  # fmt: skip
    return faults


def distance_tolerance_m(case: Case) -> int:
    """Return by how many metres two honest computations of a distance may differ: 1 m before the detour."""
    return 1 - (-case.parameters.detour_permille // 1000)
