"""One part of a case matched, priced and explained; what is left of it when its pairs are let go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from circularity.units import IntArray
from matching.engines.part_solution import PartSolution
from matching.flow.entry_costs import entry_costs_in
from matching.flow.exchange import Block, Exchange, exchange_of
from matching.flow.graph import Bottleneck, bottlenecks_in, waiting_of
from matching.flow.network import UNREACHED
from matching.flow.prices import changes
from matching.flow.problem import TIE_LEVEL
from matching.flow.radix import Radix
from matching.flow.side_constraints import cap_load_kg
from matching.pairs.lawful_pairs import LawfulPairs
from matching.pairs.room import CrossedCaps, Room, lanes_left
from matching.proof.dual_bound import LevelBound
from matching.proof.sided_parts import SidedPart
from matching.proof.uniqueness import is_unique
from matching.reasons.explain import CAPACITY, Unmatched, explain_unmatched, joined, unmatched_rows
from matching.reasons.lot_reasons import lot_misses
from matching.reasons.near_misses import Miss


@dataclass(frozen=True)
class PartPlan:
    """What a plan says of one part. Outputs, capacities and nodes are rows of the whole case.

    `pairs` and `mass_kg` are of the pairs that carry mass, `unmatched_kg` and `excluded` per output of the
    part, `load_kg`, `change` and `entry_costs` (levels before the tie × nodes) per node. `potentials` are of
    the part's outputs, then its nodes, then the root. Where lots or crossing caps bind the part, it is
    `sided`, and a price tells at most what a kilogram is worth; where `bounds` prove what potentials do not,
    there are no prices.
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
    sided: bool = False
    bounds: tuple[LevelBound, ...] = ()

    @property
    def gaps(self) -> tuple[int, ...]:
        """How far each level may be from its best; all 0 where the part is proven optimal."""
        if not self.bounds:
            return (0,) * len(self.sums)
        return tuple(total - each.bound for total, each in zip(self.sums, self.bounds, strict=True))

    @property
    def told_gaps(self) -> tuple[int, ...]:
        """The gaps by a solver's word, where it gave any; never larger than those proven."""
        if not self.bounds:
            return self.gaps
        bounds = zip(self.sums, self.bounds, strict=True)
        return tuple(total - (b.bound if b.solver_bound is None else b.solver_bound) for total, b in bounds)


def tell_part(
    sided: SidedPart, solution: PartSolution, *, priced: bool = True, told: Unmatched | None = None
) -> PartPlan:
    """Return what the plan of a part says, in prices and reasons.

    `priced=False` leaves the prices 0, where a plan is not optimal to the last metre. `told` are reasons that
    outputs had before, with nothing that a rule asks changed since.
    """
    return _Telling(sided, solution, told).plan(priced)


class _Telling:
    """The plan of one part beside all its lawful pairs, which are read in blocks."""

    def __init__(self, sided: SidedPart, solution: PartSolution, told: Unmatched | None) -> None:
        self._part, self._found, self._side = sided.part, sided.found, sided.side
        self._every = sided.pairs
        self._solution = solution
        self._told = unmatched_rows([], np.empty(0, dtype=np.int64)) if told is None else told
        used = np.flatnonzero(solution.mass_kg)
        self._rows, self._mass_kg = solution.rows[used], solution.mass_kg[used]
        self._pairs = self._found.pairs.take(self._rows)
        problem = self._part.problem(self._pairs)
        self._sums = problem.level_sums(self._mass_kg)
        self._flow_kg = problem.tree_load_kg(self._mass_kg)
        self._load_kg = self._flow_kg.copy()
        if self._side:
            # nothing flows through a crossing cap, it only counts
            for cap, load in zip(self._side.caps, cap_load_kg(self._side, solution.mass_kg), strict=True):
                self._load_kg[cap.node] = load
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
            change=self._changes() if priced and not self._solution.bounds else nothing,
            entry_costs=self._entry_costs() if priced else nothing,
            reasons=self._reasons(),
            bottlenecks=() if self._solution.bounds else self._bottlenecks(),
            excluded=self._found.excluded,
            lawful_pairs=len(self._found.pairs),
            unique=priced and not self._solution.bounds and self._is_unique(),
            engines=self._solution.engines,
            sided=self._side is not None,
            bounds=self._solution.bounds,
        )

    def _changes(self) -> IntArray:
        return changes(self._part.tree, self._flow_kg, self._solution.potentials, lambda: self._exchange)

    def _is_unique(self) -> bool:
        solution = self._solution
        problem = self._every.problem(solution.rows)
        return is_unique(problem, solution.mass_kg, solution.potentials)

    def _entry_costs(self) -> IntArray:
        if self._solution.bounds:
            return np.full((TIE_LEVEL, len(self._part.nodes)), UNREACHED)
        return entry_costs_in(self._exchange, self._solution.potentials)

    @cached_property
    def _exchange(self) -> Exchange:
        coefficients, cost = self._part.prepared.coefficients, self._found.pairs.cost_ucny_per_kg
        rank = int(np.abs(coefficients.rank).max(initial=0))
        dearest = max(abs(int(cost.min(initial=0))), abs(int(cost.max(initial=0))))
        kept = int(coefficients.proposed.size > 0)
        radix = Radix.of((1, 1, 1, rank, dearest, kept))
        return exchange_of(self._blocks(), self._part.tree, self._flow_kg, radix)

    def _blocks(self) -> Iterator[Block]:
        """Yield all lawful pairs with their masses."""
        for block, problem in self._every.blocks():
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
        room = Room(prepared.tree, prepared.entries, free_kg, lanes, CrossedCaps(case, prepared.tree))
        lots: list[Miss] = []
        if self._side:
            problem = self._every.problem(np.arange(len(self._every)))
            lots = lot_misses(self._part, problem, self._side, self._solution.mass_kg)
        kept_back = [miss.output for miss in lots]
        full_before = self._told.reason == CAPACITY
        told, again = self._told.take(~full_before), self._told.take(full_before)
        nearest = np.full(case.shape[0], -1, dtype=np.int64)
        nearest[again.output] = again.nearest_capacity
        others = np.setdiff1d(outputs, [*kept_back, *told.output], assume_unique=True)
        full = explain_unmatched(case, self._found.pairs, unmatched, room, others, prepared.tables, nearest)
        return joined([unmatched_rows(lots, unmatched), told, full])
