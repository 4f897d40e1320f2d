"""A case made ready for matching, and cut into parts that share no limit.

Parts are found from waste codes, lines and caps alone, before any pair is looked at. Each is matched by
itself, in a process of its own if need be, so that no more than one part's pairs are ever held at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from circularity.acceptance.tables import Tables
from circularity.units import MISSING, IntArray, format_tonnes
from matching.case import Case
from matching.flow.cap_tree import CapTree, Entries, build_cap_tree, entries_of
from matching.flow.problem import Problem, TieHashes
from matching.pairs.candidates import Fits, fits_by_code
from matching.pairs.coefficients import LevelCoefficients, coefficients_of
from matching.pairs.cost_floor import CostFloor
from matching.pairs.eligibility import Eligibility, eligibility, tables_of
from matching.pairs.lawful_pairs import LawfulPairs


@dataclass(frozen=True)
class Prepared:
    """What all parts of a case share: its tables for the rules, its limits, its coefficients."""

    case: Case
    tables: Tables
    fits: Fits
    tree: CapTree
    entries: Entries
    coefficients: LevelCoefficients
    ties: TieHashes = field(default_factory=TieHashes, repr=False)

    @cached_property
    def cost_floor(self) -> CostFloor | None:
        """What pairs cost at least, where a straight line bounds it."""
        return CostFloor.of(self.case)


@dataclass(frozen=True)
class Part:
    """Outputs (rows of the case) and limits (nodes of its cap tree), sorted, that no other part touches."""

    prepared: Prepared
    outputs: IntArray
    nodes: IntArray

    @cached_property
    def tree(self) -> CapTree:
        """The limits of this part, as a tree over its own nodes."""
        return self.prepared.tree.subtree(self.nodes)

    def places(self, output: IntArray, capacity: IntArray) -> tuple[IntArray, IntArray]:
        """Return the places, among outputs and nodes here, of outputs and of the nodes where pairs enter.

        They count as in the part's problems: outputs from 0, nodes after them.
        """
        node = self._node_place[self.prepared.entries.of(output, capacity)]
        return self._output_place[output], len(self.outputs) + node

    @cached_property
    def _output_place(self) -> IntArray:
        return _places(self.outputs, self.prepared.case.shape[0])

    @cached_property
    def _node_place(self) -> IntArray:
        return _places(self.nodes, len(self.prepared.tree.parent))

    @property
    def candidates(self) -> int:
        """How many pairs pass the rules by code."""
        fits = self.prepared.fits
        return int(fits.widths[fits.code[self.outputs]].sum())

    def eligibility(self) -> Eligibility:
        """Ask the rules of every candidate of this part."""
        prepared = self.prepared
        return eligibility(prepared.case, prepared.tables, prepared.fits, self.outputs)

    def problem(self, pairs: LawfulPairs) -> Problem:
        """Return the problem over lawful pairs of this part, its outputs and nodes counted from 0."""
        outputs = self.prepared.case.outputs
        supply = outputs.mass_kg[pairs.output]
        limit = pairs.limit_kg
        return Problem(
            supply_kg=outputs.mass_kg[self.outputs],
            arc_output=self._output_place[pairs.output],
            arc_entry=self._node_place[self.prepared.entries.of(pairs.output, pairs.capacity)],
            arc_limit_kg=supply
            if limit is None
            else np.where(limit == MISSING, supply, np.minimum(limit, supply)),
            tree=self.tree,
            coefficients=self.prepared.coefficients.before_the_tie(pairs),
            output_ids=outputs.output_id[self.outputs],
            arc_capacity=pairs.capacity,
            capacity_ids=self.prepared.case.capacities.capacity_id,
            ties=self.prepared.ties,
        )


def prepare(case: Case) -> Prepared:
    """Return a case made ready.

    Raises OverflowError where sums would leave 64-bit integers.
    """
    total = sum(case.outputs.mass_kg.tolist()) + sum(case.capacities.capacity_kg.tolist())
    if total >= 2**62:
        raise OverflowError(f"masses sum to {format_tonnes(total)} t, more than 64-bit sums can hold")
    tables, tree = tables_of(case), build_cap_tree(case)
    return Prepared(
        case=case,
        tables=tables,
        fits=fits_by_code(tables),
        tree=tree,
        entries=entries_of(tree, case, tables.outputs.regions),
        coefficients=coefficients_of(case, tables.hazardous),
    )


def whole(prepared: Prepared) -> Part:
    """Return the whole case as one part."""
    return Part(prepared, np.arange(prepared.case.shape[0]), np.arange(len(prepared.tree.parent)))


def build_problem(case: Case) -> Problem:
    """Return the problem over all lawful pairs of a case, outputs and nodes counted as in the case."""
    part = whole(prepare(case))
    return part.problem(part.eligibility().pairs)


def split(prepared: Prepared) -> list[Part]:
    """Return the parts of a case that can have pairs, the one with most candidates first."""
    case, fits, tree = prepared.case, prepared.fits, prepared.tree
    if case.parameters.only_lanes:
        return [whole(prepared)]
    n_codes, n_nodes = len(fits.capacities), len(tree.parent)
    codes = np.repeat(np.arange(n_codes), fits.widths)
    fitting = np.concatenate([*fits.capacities, np.empty(0, dtype=np.int64)])
    inner = np.flatnonzero(tree.parent >= 0)
    first_cap = n_codes + case.shape[1]
    members = [(first_cap + k, n_codes + j) for k, cap in enumerate(case.caps) for j in cap.members]
    ends = np.array(members, dtype=np.int64).reshape(-1, 2).T
    tails = np.concatenate([codes, n_codes + inner, ends[0]])
    heads = np.concatenate([n_codes + fitting, n_codes + tree.parent[inner], ends[1]])
    size = n_codes + n_nodes
    graph = coo_array((np.ones(len(tails), dtype=np.int8), (tails, heads)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    of_output = label[fits.code] if n_codes else np.empty(0, dtype=np.int64)
    candidates = np.zeros(label.max(initial=-1) + 1, dtype=np.int64)
    np.add.at(candidates, of_output, fits.widths[fits.code])
    chosen = sorted(np.flatnonzero(candidates).tolist(), key=lambda part: (-int(candidates[part]), part))
    return [
        Part(prepared, np.flatnonzero(of_output == part), np.flatnonzero(label[n_codes:] == part))
        for part in chosen
    ]


def _places(rows: IntArray, size: int) -> IntArray:
    """Return for every row of a table its place among the given ones, -1 for the others."""
    places = np.full(size, -1, dtype=np.int64)
    places[rows] = np.arange(len(rows))
    return places
