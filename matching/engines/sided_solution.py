"""The plan of a part that lots or crossing caps bind, in the form that plans of plain flows have."""

from __future__ import annotations

import numpy as np

from circularity.units import IntArray
from matching.engines.network_flow import engine_for
from matching.engines.part_solution import PartSolution
from matching.engines.side_solve import solve_with_side
from matching.engines.solve import solve_component
from matching.flow.prices import plan_potentials
from matching.flow.problem import LEVELS, Problem
from matching.proof.optimality import Claim
from matching.proof.parts_proven import bounds_of, masses_of
from matching.proof.sided_parts import SidedPart


def solve_sided(sided: SidedPart, engine: str, limit_s: float) -> PartSolution:
    """Return a lawful plan of a bound part with its bounds; without any where the flow alone proves it."""
    if sided.side is None:
        raise ValueError("nothing binds this part but nested limits")
    problem = sided.part.problem(sided.found.pairs)

    def flow(nested: Problem) -> IntArray:
        return solve_component(nested, engine)[0]

    name = engine_for(engine)
    found = solve_with_side(problem, sided.side, flow, name, limit_s)
    nodes = len(problem.supply_kg) + len(problem.tree.parent) + 1
    potentials = np.zeros((len(LEVELS), nodes), dtype=np.int64)
    if not found.bounds:
        potentials = plan_potentials(problem, found.mass_kg)
    return PartSolution(
        rows=np.arange(len(problem.arc_output)),
        mass_kg=found.mass_kg,
        potentials=potentials,
        engines=tuple(found.engine.split("+")),
        bounds=found.bounds,
    )


def stated_solution(sided: SidedPart, claim: Claim) -> PartSolution:
    """Return the plan of a part that a claim about it states."""
    every = np.arange(len(sided.found.pairs))
    return PartSolution(every, masses_of(sided, claim), claim.potentials, (), bounds_of(claim, sided.part))
