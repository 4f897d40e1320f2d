"""One part of a case matched, priced and explained; what is left of it when its pairs are let go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from circularity.units import IntArray
from matching.eligibility import Eligibility, LawfulPairs
from matching.entry_costs import entry_costs_in
from matching.exchange import Block, Exchange, exchange_of
from matching.explain import Unmatched, explain_unmatched
from matching.graph import Bottleneck, bottlenecks_in, waiting_of
from matching.part_solution import PartSolution
from matching.parts import Part
from matching.prices import changes
from matching.problem import TIE_LEVEL
from matching.radix import Radix
from matching.room import Room, lanes_left
from matching.uniqueness import is_unique


@dataclass(frozen=True)
class PartPlan:
    """What a plan says of one part. Outputs, capacities and nodes are rows of the whole case.

    `pairs` and `mass_kg` are of the pairs that carry mass, `unmatched_kg` and `excluded` per output of the
    part, `load_kg`, `change` and `entry_costs` (levels before the tie × nodes) per node. `potentials` are of
    the part's outputs, then its nodes, then the root.
    """

    outputs: IntArray
    nodes: IntArray
    pairs: LawfulPairs
    mass_kg: IntArray
    unmatched_kg: IntArray
    load_kg: IntArray
    sums: tuple[int, ...]
    potentials: IntArray
    change: IntArray
    entry_costs: IntArray
    reasons: Unmatched
    bottlenecks: tuple[Bottleneck, ...]
    excluded: IntArray
    lawful_pairs: int
    unique: bool
    engines: tuple[str, ...]


def tell_part(part: Part, found: Eligibility, solution: PartSolution, *, priced: bool = True) -> PartPlan:
    """Return what the optimal plan of a part says, in prices and reasons.

    `priced=False` leaves the prices 0, where a plan is not optimal to the last metre.
    """
    return _Telling(part, found, solution).plan(priced)


class _Telling:
    """The plan of one part beside all its lawful pairs, which are read in blocks."""

    def __init__(self, part: Part, found: Eligibility, solution: PartSolution) -> None:
        self._part, self._found, self._solution = part, found, solution
        used = np.flatnonzero(solution.mass_kg)
        self._rows, self._mass_kg = solution.rows[used], solution.mass_kg[used]
        self._pairs = found.pairs.take(self._rows)
        problem = part.problem(self._pairs)
        self._sums = problem.level_sums(self._mass_kg)
        self._load_kg = problem.tree_load_kg(self._mass_kg)
        self._unmatched_kg = problem.supply_kg.copy()
        np.subtract.at(self._unmatched_kg, problem.arc_output, self._mass_kg)

    def plan(self, priced: bool) -> PartPlan:
        """Price and explain."""
        part = self._part
        nothing = np.zeros((TIE_LEVEL, len(part.nodes)), dtype=np.int64)
        return PartPlan(
            outputs=part.outputs,
            nodes=part.nodes,
            pairs=self._pairs,
            mass_kg=self._mass_kg,
            unmatched_kg=self._unmatched_kg,
            load_kg=self._load_kg,
            sums=self._sums,
            potentials=self._solution.potentials,
            change=self._changes() if priced else nothing,
            entry_costs=entry_costs_in(self._exchange, self._solution.potentials) if priced else nothing,
            reasons=self._reasons(),
            bottlenecks=self._bottlenecks(),
            excluded=self._found.excluded,
            lawful_pairs=len(self._found.pairs),
            unique=priced and self._is_unique(),
            engines=self._solution.engines,
        )

    def _changes(self) -> IntArray:
        return changes(self._part.tree, self._load_kg, self._solution.potentials, lambda: self._exchange)

    def _is_unique(self) -> bool:
        solution = self._solution
        problem = self._part.problem(self._found.pairs.take(solution.rows))
        return is_unique(problem, solution.mass_kg, solution.potentials)

    @cached_property
    def _exchange(self) -> Exchange:
        coefficients, cost = self._part.prepared.coefficients, self._found.pairs.cost_ucny_per_kg
        rank = int(np.abs(coefficients.rank).max(initial=0))
        dearest = max(abs(int(cost.min(initial=0))), abs(int(cost.max(initial=0))))
        kept = int(coefficients.proposed.size > 0)
        radix = Radix.of((1, 1, 1, rank, dearest, kept))
        return exchange_of(self._blocks(), self._part.tree, self._load_kg, radix)

    def _blocks(self) -> Iterator[Block]:
        """Yield all lawful pairs with their masses."""
        for block, problem in self._part.blocks(self._found.pairs):
            first, last = np.searchsorted(self._rows, (block.start, block.stop))
            mass = np.zeros(len(problem.arc_output), dtype=np.int64)
            mass[self._rows[first:last] - block.start] = self._mass_kg[first:last]
            yield problem, mass

    def _bottlenecks(self) -> tuple[Bottleneck, ...]:
        nodes = self._part.nodes
        waiting = waiting_of(self._blocks()) if self._unmatched_kg.any() else waiting_of([])
        if not waiting.mass_kg.size:
            return ()
        found = bottlenecks_in(self._part.tree, self._exchange, waiting)
        return tuple(Bottleneck(tuple(nodes[list(b.limits)].tolist()), b.unmatched_kg) for b in found)

    def _reasons(self) -> Unmatched:
        prepared, outputs = self._part.prepared, self._part.outputs
        case = prepared.case
        free_kg = np.zeros(len(prepared.tree.parent), dtype=np.int64)
        free_kg[self._part.nodes] = self._part.tree.limit_kg - self._load_kg
        lanes = lanes_left(case, self._pairs.output, self._pairs.capacity, self._mass_kg)
        unmatched = np.zeros(case.shape[0], dtype=np.int64)
        unmatched[outputs] = self._unmatched_kg
        room = Room(prepared.tree, prepared.entries, free_kg, lanes)
        return explain_unmatched(case, self._found.pairs, unmatched, room, outputs, prepared.tables)
