"""How far from the least cost a plan can be where distances differ by a metre from those it was made with."""

from __future__ import annotations

import numpy as np

from circularity.units import M_PER_KM, MICRO, IntArray
from matching.case import Case
from matching.flow.problem import COST_LEVEL, LEVELS, Problem, exact_dot
from matching.proof.optimality import Claim, arc_groups, first_sign
from matching.proof.verify import distance_tolerance_m


def gap_faults(case: Case, problem: Problem, mass_kg: IntArray, claim: Claim) -> list[str]:
    """Return what distances that differ by a metre cannot explain: a cost or a cost gap beyond that.

    `mass_kg` is per pair of the problem, which holds all lawful pairs. A cost changes by at most `step` per
    kg between two honest machines, so a plan of least cost on the one is within `step` for each kg it places,
    and for each kg another plan would place, on the other.
    """
    step, supply_kg = metre_step_ucny_per_kg(case), sum(problem.supply_kg.tolist())
    cost = LEVELS[COST_LEVEL].value(problem.level_sums(mass_kg)[COST_LEVEL])
    faults = []
    if abs(cost - claim.levels[COST_LEVEL]) > step * supply_kg:
        faults.append(f"level cost is {cost}, not {claim.levels[COST_LEVEL]}; no metre explains that")
    if (gap := cost_gap_bound_ucny(problem, mass_kg, claim)) > 2 * step * supply_kg:
        faults.append(f"the cost is proven only to {gap} µCNY of the least; no metre explains that")
    return faults


def cost_gap_bound_ucny(problem: Problem, mass_kg: IntArray, claim: Claim) -> int:
    """Return a proven bound on how much cheaper any plan equal on the levels before the cost could be.

    Weak duality with the claim's potentials, over every arc that those levels leave free: what an arc carries
    counts its positive reduced cost, the room it has its negative one, of pairs at most the most negative one
    for each kilogram of their output. 0 for an optimal plan with its own potentials.
    """
    bound, total_kg = 0, sum(problem.supply_kg.tolist())
    potential = claim.potentials[COST_LEVEL]
    for arcs in arc_groups(problem, mass_kg, claim.unmatched_kg):
        _, tied = first_sign(problem, claim.potentials[:COST_LEVEL], arcs)
        reduced = potential[arcs.tail[tied]] - potential[arcs.head[tied]]
        if arcs.priced:
            reduced = reduced + problem.coefficient(COST_LEVEL, tied)
        flow, room = arcs.flow_kg[tied], (arcs.limit_kg - arcs.flow_kg)[tied]
        bound += exact_dot(flow, np.maximum(reduced, 0))
        gain = np.where(room > 0, np.maximum(-reduced, 0), 0)
        if arcs.priced:
            worst = np.zeros(len(problem.supply_kg), dtype=np.int64)
            np.maximum.at(worst, arcs.tail[tied], gain)
            bound += exact_dot(problem.supply_kg, worst)
        else:
            bound += exact_dot(np.minimum(room, total_kg), gain)
    return bound


def metre_step_ucny_per_kg(case: Case) -> int:
    """Return by how much the tolerance of distances can change a pair's cost, roundings included."""
    parameters, metres = case.parameters, distance_tolerance_m(case)
    carbon = parameters.emission_mg_per_kg_km * parameters.carbon_price_ucny_per_kg_co2e
    transport_step = metres * parameters.transport_ucny_per_kg_km // M_PER_KM + 1
    return transport_step + metres * carbon // (M_PER_KM * MICRO) + 1
