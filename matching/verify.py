"""The independent checker: is a plan lawful, feasible, worth what it says, and optimal?

It shares the problem's statement with the engines (matching.problem) and none of their code. Optimality
needs no trust in a solver: given one integer potential per node and level, every arc that could carry more
must have a lexicographically non-negative vector of reduced costs, every arc that carries mass a
non-positive one. Then no exchange of kilograms improves any level without worsening one before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from geopy.distance import geodesic

from circularity.units import M_PER_KM, MICRO, MISSING, IntArray, divide_half_up
from matching.arcs import Arcs
from matching.case import Case
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


def value_faults(problem: Problem, claim: Claim, but: tuple[int, ...] = ()) -> list[str]:
    """Return levels, but those at the places `but`, whose claimed value is not the exact sum."""
    sums = problem.level_sums(claim.mass_kg)
    return [
        f"level {level.name} is {level.value(actual)}, not {claimed}"
        for k, (level, actual, claimed) in enumerate(zip(LEVELS, sums, claim.levels, strict=True))
        if k not in but and level.value(actual) != claimed
    ]


def distance_faults(case: Case, arcs: Arcs, mass_kg: IntArray) -> list[str]:
    """Return used pairs whose distance differs by over a metre from geopy's geodesic.

    A lane's own distance is given, not computed. Of very many pairs an evenly spread selection is measured.
    """
    allowed_m = distance_tolerance_m(case)
    outputs, facilities = case.outputs, case.facilities
    told = case.lanes.distance_m != MISSING
    lanes = set(zip(case.lanes.output[told].tolist(), case.lanes.capacity[told].tolist(), strict=True))
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
    # not through np.abs: the smallest int64 has no absolute value and would pass as negative
    if potentials.size and max(int(potentials.max()), -int(potentials.min())) >= POTENTIAL_BOUND:
        return ["a potential is too large to be checked"]
    faults = []
    for arcs in _arc_groups(problem, claim):
        sign, _ = _first_sign(problem, potentials[:levels], arcs)
        wrong = ((sign < 0) & (arcs.flow_kg < arcs.limit_kg)) | ((sign > 0) & (arcs.flow_kg > 0))
        faults += [f"{arcs.kind} {a} could be improved" for a in np.flatnonzero(wrong)[:10]]
    return faults


def gap_faults(case: Case, problem: Problem, claim: Claim) -> list[str]:
    """Return what distances that differ by a metre cannot explain: a cost or a cost gap beyond that.

    A cost changes by at most `step` per kg between two honest machines, so a plan of least cost on the one is
    within `step` for each kg it places, and for each kg another plan would place, on the other.
    """
    step, supply_kg = metre_step_ucny_per_kg(case), sum(problem.supply_kg.tolist())
    cost = LEVELS[COST_LEVEL].value(problem.level_sums(claim.mass_kg)[COST_LEVEL])
    faults = []
    if abs(cost - claim.levels[COST_LEVEL]) > step * supply_kg:
        faults.append(f"level cost is {cost}, not {claim.levels[COST_LEVEL]}; no metre explains that")
    if (gap := cost_gap_bound_ucny(problem, claim)) > 2 * step * supply_kg:
        faults.append(f"the cost is proven only to {gap} µCNY of the least; no metre explains that")
    return faults


def cost_gap_bound_ucny(problem: Problem, claim: Claim) -> int:
    """Return a proven bound on how much cheaper any plan equal on the levels before the cost could be.

    Weak duality with the claim's potentials, over every arc that those levels leave free: what an arc carries
    counts its positive reduced cost, the room it has its negative one, of pairs at most the most negative one
    for each kilogram of their output. 0 for an optimal plan with its own potentials.
    """
    bound, total_kg = 0, sum(problem.supply_kg.tolist())
    potential = claim.potentials[COST_LEVEL]
    for arcs in _arc_groups(problem, claim):
        _, tied = _first_sign(problem, claim.potentials[:COST_LEVEL], arcs)
        reduced = potential[arcs.tail[tied]] - potential[arcs.head[tied]]
        if arcs.priced:
            reduced = reduced + problem.coefficient(COST_LEVEL, tied)
        flow, room = arcs.flow_kg[tied], (arcs.limit_kg - arcs.flow_kg)[tied]
        bound += _dot(flow, np.maximum(reduced, 0))
        gain = np.where(room > 0, np.maximum(-reduced, 0), 0)
        if arcs.priced:
            worst = np.zeros(len(problem.supply_kg), dtype=np.int64)
            np.maximum.at(worst, arcs.tail[tied], gain)
            bound += _dot(problem.supply_kg, worst)
        else:
            bound += _dot(np.minimum(room, total_kg), gain)
    return bound


@dataclass(frozen=True)
class _ArcGroup:
    """Arcs of one kind in the flow network of a claim; only pairs are `priced`, other arcs cost nothing."""

    kind: str
    tail: IntArray
    head: IntArray
    flow_kg: IntArray
    limit_kg: IntArray
    priced: bool = False


def _arc_groups(problem: Problem, claim: Claim) -> Iterator[_ArcGroup]:
    """Yield pairs, what stays unmatched, and limits; nodes are outputs, then limits, then the root."""
    n_outputs, n_tree = len(problem.supply_kg), len(problem.tree.parent)
    outputs, limits, root = np.arange(n_outputs), np.arange(n_tree) + n_outputs, n_outputs + n_tree
    above = np.where(problem.tree.parent < 0, root, problem.tree.parent + n_outputs)
    load = problem.tree_load_kg(claim.mass_kg)
    entry = problem.arc_entry + n_outputs
    yield _ArcGroup("pair", problem.arc_output, entry, claim.mass_kg, problem.arc_limit_kg, priced=True)
    yield _ArcGroup(
        "unmatched part of output", outputs, np.full(n_outputs, root), claim.unmatched_kg, problem.supply_kg
    )
    yield _ArcGroup("limit", limits, above, load, problem.tree.limit_kg)


def metre_step_ucny_per_kg(case: Case) -> int:
    """Return by how much the tolerance of distances can change a pair's cost, roundings included."""
    parameters, metres = case.parameters, distance_tolerance_m(case)
    carbon = parameters.emission_mg_per_kg_km * parameters.carbon_price_ucny_per_kg_co2e
    transport_step = metres * parameters.transport_ucny_per_kg_km // M_PER_KM + 1
    return transport_step + metres * carbon // (M_PER_KM * MICRO) + 1


def _dot(masses_kg: IntArray, costs: IntArray) -> int:
    """Return the sum of products in Python integers."""
    used = np.flatnonzero(costs)
    products = zip(masses_kg[used].tolist(), costs[used].tolist(), strict=True)
    return sum(mass * cost for mass, cost in products)


def _first_sign(
    problem: Problem, potentials: IntArray, arcs: _ArcGroup
) -> tuple[npt.NDArray[np.int8], IntArray]:
    """Return the sign of each arc's first non-zero reduced cost, and the arcs that are zero throughout."""
    sign = np.zeros(len(arcs.tail), dtype=np.int8)
    undecided = np.arange(len(arcs.tail))
    for level, potential in enumerate(potentials):
        reduced = potential[arcs.tail[undecided]] - potential[arcs.head[undecided]]
        if arcs.priced:
            reduced = reduced + problem.coefficient(level, undecided)
        sign[undecided] = np.sign(reduced)
        undecided = undecided[reduced == 0]
    return sign, undecided
