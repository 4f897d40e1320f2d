"""Which outputs and limits of a part are bound by lots or crossing caps, apart from the rest of it.

The rest is a flow. What is bound is cut into connected parts, so that one lot costs no other part its proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from circularity.catalogue.regions import prefix_of
from circularity.units import MISSING, IntArray
from matching.flow.problem import Problem
from matching.flow.side_constraints import CrossingCap, SideConstraints
from matching.pairs.eligibility import Eligibility
from matching.pairs.lawful_pairs import LawfulPairs
from matching.pairs.part_pairs import PartPairs
from matching.pairs.parts import Part

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SidedPart:
    """A part with its lawful pairs; `side` is what binds it besides nested limits, None for a plain flow."""

    part: Part
    found: Eligibility
    side: SideConstraints | None = None

    @cached_property
    def pairs(self) -> PartPairs:
        """Its lawful pairs as problems."""
        return PartPairs(self.part, self.found.pairs)


def divided(part: Part, found: Eligibility) -> list[SidedPart]:
    """Return the connected parts that lots or crossing caps bind, then the part of the other outputs."""
    if not could_bind(part):
        return [SidedPart(part, found)]
    problem = part.problem(found.pairs)
    side = side_of(part, problem)
    n_outputs = len(part.outputs)
    label = _connected(problem, side)
    lots = label[problem.arc_output[side.lot_arcs(problem)]]
    bound = np.unique(np.concatenate([lots, *(label[n_outputs + np.array([cap.node])] for cap in side.caps)]))
    parts = []
    for each in bound.tolist():
        inside = label == each
        parts.append(_cut(part, found, inside[:n_outputs], inside[n_outputs:], bound=True))
    rest = ~np.isin(label, bound)
    if rest[:n_outputs].any():
        parts.append(_cut(part, found, rest[:n_outputs], rest[n_outputs:], bound=False))
    return parts


def side_of(part: Part, problem: Problem) -> SideConstraints:
    """Return what binds the pairs of a part's problem besides nested limits; nodes as in the part."""
    case, n_capacities = part.prepared.case, part.prepared.case.shape[1]
    regions = case.outputs.region_code[part.outputs][problem.arc_output]
    caps = []
    for node in sorted(set(part.prepared.tree.crossing) & set(part.nodes.tolist())):
        cap = case.caps[node - n_capacities]
        inside = np.isin(problem.arc_capacity, cap.members)
        if cap.origin_region:
            inside &= np.char.startswith(regions, prefix_of(cap.origin_region))
        if inside.any():
            place = int(np.searchsorted(part.nodes, node))
            caps.append(CrossingCap(place, np.flatnonzero(inside), cap.limit_kg))
    return SideConstraints(tuple(caps), _lots_kg(part))


def could_bind(part: Part) -> bool:
    """Say whether a part has lots or crossing caps at all, before any pair is looked at."""
    crossing = np.array(part.prepared.tree.crossing, dtype=np.int64)
    return bool(np.any(_lots_kg(part) > 1)) or bool(np.isin(crossing, part.nodes).any())


def _lots_kg(part: Part) -> IntArray:
    lots = part.prepared.case.outputs.min_lot_kg[part.outputs]
    return np.where(lots == MISSING, 0, lots)


def _connected(problem: Problem, side: SideConstraints) -> IntArray:
    """Label outputs, then nodes, by what connects them: pairs, limits above, crossing caps."""
    n_outputs, n_tree = len(problem.supply_kg), len(problem.tree.parent)
    inner = np.flatnonzero(problem.tree.parent >= 0)
    tails = [problem.arc_output, inner + n_outputs]
    heads = [problem.arc_entry + n_outputs, problem.tree.parent[inner] + n_outputs]
    for cap in side.caps:
        entries = np.unique(problem.arc_entry[cap.arcs])
        tails.append(np.full(len(entries), cap.node + n_outputs))
        heads.append(entries + n_outputs)
    ends = np.concatenate(tails), np.concatenate(heads)
    size = n_outputs + n_tree
    graph = coo_array((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(size, size))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _cut(part: Part, found: Eligibility, outputs: BoolArray, nodes: BoolArray, *, bound: bool) -> SidedPart:
    """Return the part of the marked outputs and nodes, with what binds it if it is bound."""
    kept = Part(part.prepared, part.outputs[outputs], part.nodes[nodes])
    pairs: LawfulPairs = found.pairs.take(np.flatnonzero(np.isin(found.pairs.output, kept.outputs)))
    side = side_of(kept, kept.problem(pairs)) if bound else None
    return SidedPart(kept, Eligibility(pairs, found.excluded[outputs]), side)
