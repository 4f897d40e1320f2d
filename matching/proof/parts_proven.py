"""Whether what a plan claims of a part is proven: by potentials where it is a flow, by bounds elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from circularity.units import IntArray
from matching.flow.problem import LEVELS
from matching.flow.side_constraints import SideConstraints
from matching.pairs.lawful_pairs import rows_of
from matching.pairs.parts import Part
from matching.proof.dual_bound import LevelBound, proven_bound
from matching.proof.optimality import Claim, optimality_faults
from matching.proof.sided_parts import SidedPart
from matching.proof.standing_proof import StandingProof


def claim_of(claim: Claim, part: Part) -> Claim:
    """Return what a claim about the whole case says of one part, counted as in the part's problems."""
    inside = np.isin(claim.output, part.outputs)
    places = np.concatenate([part.outputs, len(claim.unmatched_kg) + part.nodes, [-1]]).astype(np.int64)
    return replace(
        claim,
        output=claim.output[inside],
        capacity=claim.capacity[inside],
        mass_kg=claim.mass_kg[inside],
        unmatched_kg=claim.unmatched_kg[part.outputs],
        potentials=claim.potentials[:, places],
    )


def bounds_of(claim: Claim, part: Part) -> tuple[LevelBound, ...]:
    """Return the bounds that a claim states for a part, which goes by its first output."""
    return claim.bounds.get(int(part.outputs[0]), ()) if part.outputs.size else ()


def proof_faults(sided: SidedPart, claim: Claim, standing: StandingProof | None = None) -> list[str]:
    """Return what is not proven of a claim about one part, by itself or by a proof from before a change."""
    bounds = bounds_of(claim, sided.part)
    if not bounds:
        return optimality_faults(sided.part, claim, standing=standing)
    name = sided.part.prepared.case.outputs.output_id[sided.part.outputs[0]]
    if sided.side is None or len(bounds) != len(LEVELS):
        return [f"the part of output {name} has bounds where it needs none, or not one for each level"]
    try:
        return [f"the part of output {name}: {fault}" for fault in _bound_faults(sided, sided.side, claim)]
    except (OverflowError, ValueError) as error:
        return [f"the part of output {name} has a proof that proves nothing: {error}"]


def masses_of(sided: SidedPart, claim: Claim) -> IntArray:
    """Return kg on every lawful pair of the part."""
    mass = np.zeros(len(sided.found.pairs), dtype=np.int64)
    mass[rows_of(sided.found.pairs, claim.output, claim.capacity)] = claim.mass_kg
    return mass


def _bound_faults(sided: SidedPart, side: SideConstraints, claim: Claim) -> list[str]:
    problem = sided.part.problem(sided.found.pairs)
    sums = problem.level_sums(masses_of(sided, claim))
    faults = []
    for k, each in enumerate(bounds_of(claim, sided.part)):
        proven = proven_bound(problem, side, k, sums, each.proof)
        if proven != each.bound:
            faults.append(f"level {LEVELS[k].name} is bounded by {proven}, not by {each.bound}")
        if each.solver_bound is not None and not each.bound <= each.solver_bound <= sums[k]:
            faults.append(f"level {LEVELS[k].name} has a solver's bound outside its own gap")
    return faults
