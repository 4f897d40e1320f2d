"""Whether a plan is optimal, by its certificate: one integer potential per node and level.

Every arc that could carry more must have a lexicographically non-negative vector of reduced costs, every arc
that carries mass a non-positive one. Then no exchange of kilograms improves any level without worsening one
before it. Every candidate pair is looked at, in blocks; the rules are asked only of those that would improve
the plan, which must all be unlawful.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from circularity.acceptance.pairs import Pairs
from circularity.acceptance.rules import CONDITIONAL, RULES
from circularity.units import IntArray
from matching.flow.problem import COST_LEVEL, KEPT_LEVEL, LEVELS, TIE_LEVEL, Problem
from matching.flow.radix import grouped, largest
from matching.pairs.candidates import grids, lane_blocks
from matching.pairs.eligibility import SUPPLY, costs_of, listed_lawful, with_distances
from matching.pairs.parts import Part, Prepared
from matching.proof.dual_bound import LevelBound
from matching.proof.standing_proof import StandingProof

FAULTS_TOLD = 10

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Claim:
    """What a plan claims: the pairs that carry mass, sorted rows of outputs and capacities, and their kg.

    Also kg unmatched per output, level values, and potentials (levels × outputs, nodes, root). `bounds` are
    of parts that potentials do not prove, by the row of the part's first output in the case.
    """

    output: IntArray
    capacity: IntArray
    mass_kg: IntArray
    unmatched_kg: IntArray
    levels: tuple[int, ...]
    potentials: IntArray
    bounds: Mapping[int, tuple[LevelBound, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class ArcGroup:
    """Arcs of one kind in the flow network of a claim; only pairs are `priced`, other arcs cost nothing."""

    kind: str
    tail: IntArray
    head: IntArray
    flow_kg: IntArray
    limit_kg: IntArray
    priced: bool = False


def optimality_faults(
    part: Part, claim: Claim, levels: int = len(LEVELS), standing: StandingProof | None = None
) -> list[str]:
    """Return arcs on which the certificate's vector of reduced costs has the wrong sign.

    The claim is about the part's outputs and nodes, counted as in its problems, its pairs by rows of the
    case. `levels` limits the vectors to the first so many levels; of all of them a proof from before a change
    may be `standing`.
    """
    case = part.prepared.case
    used = with_distances(case, Pairs(part.prepared.tables, claim.output, claim.capacity))
    problem = part.problem(listed_lawful(case, used))
    potentials = claim.potentials[:levels]
    found = arc_faults(problem, claim.mass_kg, claim.unmatched_kg, potentials)
    return found or candidate_faults(part, claim, potentials, standing)


def arc_faults(
    problem: Problem, mass_kg: IntArray, unmatched_kg: IntArray, potentials: IntArray
) -> list[str]:
    """Return arcs of a problem on which the vector of reduced costs has the wrong sign."""
    faults = []
    for arcs in arc_groups(problem, mass_kg, unmatched_kg):
        sign, _ = first_sign(problem, potentials, arcs)
        wrong = ((sign < 0) & (arcs.flow_kg < arcs.limit_kg)) | ((sign > 0) & (arcs.flow_kg > 0))
        faults += [f"{arcs.kind} {a} could be improved" for a in np.flatnonzero(wrong)[:FAULTS_TOLD].tolist()]
    return faults


def are_lawful(prepared: Prepared, pairs: Pairs) -> BoolArray:
    """Ask every rule that can forbid; return which pairs no rule forbids."""
    lawful = np.ones(len(pairs), dtype=bool)
    left, rows = pairs, np.arange(len(pairs))
    for rule in RULES:
        if not len(left) or rule.effect == CONDITIONAL or not rule.asked(prepared.tables):
            continue
        left = SUPPLY[rule.needs](prepared.case, left)
        broken = rule.slack(left) > 0
        lawful[rows[broken]] = False
        left, rows = left.take(~broken), rows[~broken]
    return lawful


def arc_groups(problem: Problem, mass_kg: IntArray, unmatched_kg: IntArray) -> Iterator[ArcGroup]:
    """Yield pairs, what stays unmatched, and limits; nodes are outputs, then limits, then the root."""
    n_outputs, n_tree = len(problem.supply_kg), len(problem.tree.parent)
    outputs, limits, root = np.arange(n_outputs), np.arange(n_tree) + n_outputs, n_outputs + n_tree
    above = np.where(problem.tree.parent < 0, root, problem.tree.parent + n_outputs)
    entry = problem.arc_entry + n_outputs
    yield ArcGroup("pair", problem.arc_output, entry, mass_kg, problem.arc_limit_kg, priced=True)
    unmatched = np.full(n_outputs, root)
    yield ArcGroup("unmatched part of output", outputs, unmatched, unmatched_kg, problem.supply_kg)
    yield ArcGroup("limit", limits, above, problem.tree_load_kg(mass_kg), problem.tree.limit_kg)


def first_sign(
    problem: Problem, potentials: IntArray, arcs: ArcGroup
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


def candidate_faults(
    part: Part, claim: Claim, potentials: IntArray, standing: StandingProof | None = None
) -> list[str]:
    """Return lawful pairs that carry nothing and would improve the plan."""
    case = part.prepared.case
    carrying = np.sort(claim.output * case.shape[1] + claim.capacity)
    faults: list[str] = []
    for pairs in _improving(part, potentials, standing):
        # a pair that carries mass has been judged with the room that its lane has left
        pair = pairs.i * case.shape[1] + pairs.j
        place = np.searchsorted(carrying, pair)
        idle = pairs.take(np.append(carrying, -1)[place] != pair)
        idle = with_distances(case, idle.take(are_lawful(part.prepared, idle)))
        idle = idle.take(part.problem(listed_lawful(case, idle)).arc_limit_kg > 0)
        names = zip(case.outputs.output_id[idle.i], case.capacities.capacity_id[idle.j], strict=True)
        faults += [f"pair {i} to {j} could be improved" for i, j in names]
        if len(faults) >= FAULTS_TOLD:
            break
    return faults[:FAULTS_TOLD]


def _improving(part: Part, potentials: IntArray, standing: StandingProof | None) -> Iterator[Pairs]:
    """Yield the candidate pairs whose vector of reduced costs is lexicographically negative, in blocks."""
    prepared = part.prepared
    for block, unproven in _unproven(part, potentials, standing):
        negative, undecided = np.zeros(block.shape, dtype=bool), unproven
        for reduced in _before_the_cost(part, block, potentials[:COST_LEVEL]):
            negative |= undecided & (reduced < 0)
            undecided &= reduced == 0
        if len(potentials) > COST_LEVEL:
            undecided &= _may_pay(part, block, potentials[COST_LEVEL])
            tied = with_distances(prepared.case, _listed(block, undecided))
            negative[undecided] = _cheaper(part, tied, potentials)
        yield _listed(block, negative)


def _unproven(
    part: Part, potentials: IntArray, standing: StandingProof | None
) -> Iterator[tuple[Pairs, BoolArray]]:
    """Yield the candidate pairs in blocks, and which of them no standing proof settles."""
    prepared = part.prepared
    if prepared.case.parameters.only_lanes:
        blocks = lane_blocks(prepared.case, prepared.tables, part.outputs)
    else:
        blocks = grids(prepared.tables, prepared.fits, part.outputs)
    if standing is None:
        yield from ((block, np.ones(block.shape, dtype=bool)) for block in blocks)
        return
    yield (
        Pairs(prepared.tables, standing.output, standing.capacity),
        np.ones(len(standing.output), dtype=bool),
    )
    settled = standing.after(potentials)
    for block in blocks:
        left = ~settled.at(*part.places(block.i, block.j))
        rows = np.flatnonzero(left.any(axis=1))
        yield replace(block, i=block.i[rows]), left[rows]


def _before_the_cost(part: Part, block: Pairs, potentials: IntArray) -> Iterator[IntArray]:
    """Yield the reduced costs of a block on the levels before the cost, packed into as few as hold them."""
    output, node = part.places(block.i, block.j)
    coefficients = part.prepared.coefficients
    level = 0
    for radix in grouped(coefficients.reach(k) + 2 * largest(each) for k, each in enumerate(potentials)):
        levels = range(level, level + len(radix.reach))
        price, level = radix.key([potentials[k] for k in levels]), levels.stop
        own = radix.key([coefficients.at(k, block.i, block.j) for k in levels])
        yield own + (price[output] - price[node])


def _may_pay(part: Part, block: Pairs, potential: IntArray) -> BoolArray | bool:
    """Say which pairs of a block may be negative from the cost on, as far as a straight line can tell."""
    floor = part.prepared.cost_floor
    if floor is None or block.i.ndim == 1:
        return True
    output, node = part.places(block.i, block.j)
    return floor.may_pay(block.i[:, 0], block.j[0], potential[output] - potential[node])


def _cheaper(part: Part, pairs: Pairs, potentials: IntArray) -> BoolArray:
    """Say which pairs, equal on the levels before, are negative on the first level not 0 from the cost on."""
    case = part.prepared.case
    output, node = part.places(pairs.i, pairs.j)
    of_cost = potentials[COST_LEVEL]
    reduced = costs_of(case, pairs).total_ucny_per_kg() + of_cost[output] - of_cost[node]
    negative: BoolArray = reduced < 0
    if len(potentials) > TIE_LEVEL:
        tied = np.flatnonzero(reduced == 0)
        of_kept = potentials[KEPT_LEVEL][output[tied]] - potentials[KEPT_LEVEL][node[tied]]
        reduced = part.prepared.coefficients.kept(pairs.i[tied], pairs.j[tied]) + of_kept
        negative[tied] = reduced < 0
        tied = tied[reduced == 0]
        outputs, capacities = (
            case.outputs.output_id[pairs.i[tied]],
            case.capacities.capacity_id[pairs.j[tied]],
        )
        tie = part.prepared.ties.of(outputs.tolist(), capacities.tolist())
        of_tie = potentials[TIE_LEVEL][output[tied]] - potentials[TIE_LEVEL][node[tied]]
        negative[tied] = tie + of_tie < 0
    return negative


def _listed(block: Pairs, chosen: BoolArray) -> Pairs:
    """Return the chosen pairs of a block one by one."""
    if block.i.ndim == 1:
        return block.take(chosen)
    row, column = np.nonzero(chosen)
    return replace(block, i=block.i[row, 0], j=block.j[0, column])
