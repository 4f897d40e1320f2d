"""Which pairs of a case may meet, and for every other pair the first rule that forbids it.

Candidates come in blocks. What needs neither distance nor money is asked of a whole grid at once; each rule
after that sees only the pairs that the ones before let pass, so distances and costs are computed for few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from circularity.acceptance.columns import CapacityColumns, FacilityColumns, OutputColumns, columns_of
from circularity.acceptance.pairs import Pairs
from circularity.acceptance.rules import CONDITIONAL, RULES, Rule, ask_conditions, condition_bits
from circularity.acceptance.tables import Tables
from circularity.units import MISSING, IntArray
from matching.case import Case
from matching.pairs.candidates import BY_CODE, Fits, grids, lane_blocks
from matching.pairs.costs import Costs, pair_costs
from matching.pairs.distances import lane_limits_kg, lane_rows, pair_distances_m

CHUNK_PAIRS = 2_000_000
"""Pairs of several waste codes that are brought into the order of their outputs together."""

Rows = npt.NDArray[np.int32] | IntArray
"""Rows of a table; those of millions of pairs take four bytes each."""

AnyArray = npt.NDArray[Any]

Asked = tuple[tuple[int, Rule], ...]
"""Rules with their rows in RULES."""


@dataclass(frozen=True)
class LawfulPairs:
    """Lawful and conditional pairs sorted by (output, capacity), with no more than solving needs.

    `output` and `capacity` are rows of the case. Bit k of `conditions` is set when
    `acceptance.CONDITIONS[k]` must be met first; 0 can move today. `limit_kg` is a lane's limit or MISSING,
    None where the case limits no lane.
    """

    output: Rows
    capacity: Rows
    conditions: npt.NDArray[np.uint8]
    cost_ucny_per_kg: IntArray
    limit_kg: IntArray | None

    def __len__(self) -> int:
        return len(self.output)

    def take(self, rows: IntArray | slice) -> LawfulPairs:
        """Return the pairs at these positions."""
        limit = None if self.limit_kg is None else self.limit_kg[rows]
        return LawfulPairs(
            self.output[rows], self.capacity[rows], self.conditions[rows], self.cost_ucny_per_kg[rows], limit
        )

    def merged(self, others: LawfulPairs) -> LawfulPairs:
        """Return both, sorted by output, which each of them is; no output has pairs in both."""
        if not len(self) or not len(others):
            return self if len(self) else others
        place = np.searchsorted(self.output, others.output) + np.arange(len(others))
        rest = np.ones(len(self) + len(others), dtype=bool)
        rest[place] = False

        def column(one: AnyArray, other: AnyArray) -> AnyArray:
            both = np.empty(len(rest), dtype=one.dtype)
            both[rest], both[place] = one, other
            return both

        limits = self.limit_kg, others.limit_kg
        return LawfulPairs(
            column(self.output, others.output),
            column(self.capacity, others.capacity),
            column(self.conditions, others.conditions),
            column(self.cost_ucny_per_kg, others.cost_ucny_per_kg),
            None if limits[0] is None or limits[1] is None else column(limits[0], limits[1]),
        )

    @classmethod
    def none(cls) -> LawfulPairs:
        """Return no pairs."""
        rows = np.empty(0, dtype=np.int32)
        return cls(rows, rows, np.empty(0, dtype=np.uint8), np.empty(0, dtype=np.int64), None)

    @classmethod
    def gathered(cls, blocks: Iterable[LawfulPairs], most: int, *, limited: bool) -> LawfulPairs:
        """Return the pairs of blocks one after another, at most so many, none held twice.

        Room is set aside for the most there can be; the system gives memory for what is written.
        """
        output, capacity = np.empty(most, dtype=np.int32), np.empty(most, dtype=np.int32)
        conditions, cost = np.empty(most, dtype=np.uint8), np.empty(most, dtype=np.int64)
        limit = np.empty(most, dtype=np.int64) if limited else None
        end = 0
        for block in blocks:
            rows = slice(end, end + len(block))
            output[rows], capacity[rows] = block.output, block.capacity
            conditions[rows], cost[rows] = block.conditions, block.cost_ucny_per_kg
            if limit is not None and block.limit_kg is not None:
                limit[rows] = block.limit_kg
            end += len(block)
        return cls(output, capacity, conditions, cost, limit).take(slice(0, end))

    @classmethod
    def concatenated(cls, pairs: Sequence[LawfulPairs]) -> LawfulPairs:
        """Return the pairs one after another; none or all of those that are not empty have limits."""
        limits = [each.limit_kg for each in pairs if each.limit_kg is not None]
        return cls(
            np.concatenate([each.output for each in pairs]),
            np.concatenate([each.capacity for each in pairs]),
            np.concatenate([each.conditions for each in pairs]),
            np.concatenate([each.cost_ucny_per_kg for each in pairs]),
            np.concatenate(limits) if limits else None,
        )


@dataclass(frozen=True)
class Eligibility:
    """What the rules say of some outputs: their pairs, and how many capacities each rule excluded first.

    `excluded` has a row per output asked for and a column per rule of RULES.
    """

    pairs: LawfulPairs
    excluded: IntArray


def tables_of(case: Case) -> Tables:
    """Return the case as the rules read it."""
    outputs, facilities, lanes, parameters = case.outputs, case.facilities, case.lanes, case.parameters
    located = _any_given(outputs.lat_e7) and _any_given(facilities.lat_e7)
    distances_known = located or _any_given(lanes.distance_m)
    fees_known = _any_given(case.capacities.gate_fee_ucny_per_kg)
    return Tables(
        outputs=columns_of(OutputColumns, outputs),
        facilities=columns_of(FacilityColumns, facilities),
        capacities=columns_of(CapacityColumns, case.capacities),
        as_of_day=parameters.as_of_day,
        period_from_day=parameters.period_from_day,
        period_to_day=parameters.period_to_day,
        max_distance_m=parameters.max_distance_m,
        distances_known=distances_known,
        costs_known=fees_known and (distances_known or _any_given(lanes.cost_ucny_per_kg)),
    )


def with_distances(case: Case, pairs: Pairs) -> Pairs:
    """Return the pairs with their distances."""
    if pairs.distance_m is not None:
        return pairs
    lane = lane_rows(case, pairs.i, pairs.j)
    return replace(pairs, distance_m=pair_distances_m(case, pairs.i, pairs.j, lane))


def with_costs(case: Case, pairs: Pairs) -> Pairs:
    """Return the pairs with distances and net costs."""
    if pairs.net_cost_ucny_per_kg is not None:
        return pairs
    pairs = with_distances(case, pairs)
    return replace(pairs, net_cost_ucny_per_kg=costs_of(case, pairs).net_ucny_per_kg())


def costs_of(case: Case, pairs: Pairs) -> Costs:
    """Return the cost components of pairs whose distances are known."""
    if pairs.distance_m is None:
        raise ValueError("costs need distances")
    return pair_costs(case, pairs.i, pairs.j, pairs.distance_m, lane_rows(case, pairs.i, pairs.j))


SUPPLY: Mapping[str, Callable[[Case, Pairs], Pairs]] = {
    "": lambda _, pairs: pairs,
    "distance": with_distances,
    "net_cost": with_costs,
    "conditions": lambda _, pairs: pairs if pairs.conditions is not None else ask_conditions(pairs),
}
"""How to learn of pairs what a rule needs."""


def eligibility(case: Case, tables: Tables, fits: Fits, outputs: IntArray) -> Eligibility:
    """Return what the rules say of the given output rows, which are sorted, with every capacity."""
    excluded = np.zeros((len(outputs), len(RULES)), dtype=np.int64)
    asked = tuple((r, rule) for r, rule in enumerate(RULES) if _forbids(rule, tables))
    limited = _any_given(case.lanes.limit_kg)
    if case.parameters.only_lanes:
        lanes = lane_blocks(case, tables, outputs)
        blocks = (_passing(case, block, asked, outputs, excluded) for block in lanes)
        return Eligibility(LawfulPairs.gathered(blocks, len(case.lanes.output), limited=limited), excluded)
    excluded[:, : len(BY_CODE)] = fits.excluded[fits.code[outputs]]
    free = tuple((r, rule) for r, rule in asked if r >= len(BY_CODE) and not rule.needs)
    costly = tuple((r, rule) for r, rule in asked if rule.needs)

    def lawful(some: IntArray) -> LawfulPairs:
        screened = (_screened(grid, free, outputs, excluded) for grid in grids(tables, fits, some))
        found = [_passing(case, block, costly, outputs, excluded) for block in screened]
        pairs = LawfulPairs.concatenated([LawfulPairs.none(), *found])
        return pairs.take(np.argsort(pairs.output, kind="stable")) if len(found) > 1 else pairs

    candidates = fits.widths[fits.code[outputs]]
    chunks = map(lawful, _chunks(outputs, candidates))
    return Eligibility(LawfulPairs.gathered(chunks, int(candidates.sum()), limited=limited), excluded)


def _chunks(outputs: IntArray, candidates: IntArray) -> list[IntArray]:
    """Cut outputs where CHUNK_PAIRS candidates are full, so that only so many pairs are sorted together."""
    full = np.cumsum(candidates) // CHUNK_PAIRS
    return np.split(outputs, np.flatnonzero(np.diff(full)) + 1)


def listed_lawful(case: Case, pairs: Pairs) -> LawfulPairs:
    """Return pairs that are lawful, with their distances known, as solving needs them."""
    bits = np.zeros(len(pairs)) if pairs.conditions is None else pairs.conditions
    return LawfulPairs(
        pairs.i.astype(np.int32),
        pairs.j.astype(np.int32),
        bits.astype(np.uint8),
        costs_of(case, pairs).total_ucny_per_kg(),
        lane_limits_kg(case, pairs.i, pairs.j) if _any_given(case.lanes.limit_kg) else None,
    )


def rows_of(pairs: LawfulPairs, output: Rows, capacity: Rows) -> IntArray:
    """Return where the given pairs, all of them among `pairs`, stand in it."""
    width = int(max(pairs.capacity.max(initial=0), capacity.max(initial=0))) + 1
    wanted = output.astype(np.int64) * width + capacity
    return np.searchsorted(pairs.output.astype(np.int64) * width + pairs.capacity, wanted)


def _forbids(rule: Rule, tables: Tables) -> bool:
    return rule.effect != CONDITIONAL and rule.asked(tables)


def _screened(grid: Pairs, rules: Asked, outputs: IntArray, excluded: IntArray) -> Pairs:
    """Ask rules that need neither distance nor money of a grid, and list the pairs that are left."""
    passing = np.ones(grid.shape, dtype=bool)
    place = np.searchsorted(outputs, grid.i[:, 0])
    for r, rule in rules:
        broken = rule.slack(grid) > 0
        if broken.any():
            broken = broken & passing
            excluded[place, r] += np.count_nonzero(broken, axis=1)
            passing ^= broken
    return grid.listed(passing, condition_bits(grid))


def _passing(case: Case, pairs: Pairs, rules: Asked, outputs: IntArray, excluded: IntArray) -> LawfulPairs:
    """Ask the rules of listed pairs one after another, count what each excludes, return what is left."""
    for r, rule in rules:
        pairs = SUPPLY[rule.needs](case, pairs)
        broken = rule.slack(pairs) > 0
        if broken.any():
            np.add.at(excluded[:, r], np.searchsorted(outputs, pairs.i[broken]), 1)
            pairs = pairs.take(~broken)
    return listed_lawful(case, with_distances(case, SUPPLY["conditions"](case, pairs)))


def _any_given(column: IntArray) -> bool:
    return bool(np.any(column != MISSING))
