"""Which pairs of a case may meet, and for every other pair the first rule that forbids it.

Candidates come in blocks. What needs neither distance nor money is asked of a whole grid at once; each rule
after that sees only the pairs that the ones before let pass, so distances and costs are computed for few.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from circularity.acceptance.columns import CapacityColumns, FacilityColumns, OutputColumns, columns_of
from circularity.acceptance.pairs import Pairs
from circularity.acceptance.rules import CONDITIONAL, RULES, Rule, ask_conditions, condition_bits
from circularity.acceptance.tables import Tables
from circularity.units import MISSING, IntArray
from matching.case import Case
from matching.pairs.candidates import BY_CODE, Fits, grids, lane_blocks
from matching.pairs.costs import Costs, pair_costs
from matching.pairs.distances import lane_limits_kg, lane_rows, pair_distances_m
from matching.pairs.lawful_pairs import LawfulPairs

CHUNK_PAIRS = 2_000_000
"""Pairs of several waste codes that are brought into the order of their outputs together."""

Asked = tuple[tuple[int, Rule], ...]
"""Rules with their rows in RULES."""


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
