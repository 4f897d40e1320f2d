"""From a case to its arcs: which pairs may meet, and for every other pair the first rule that forbids it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from circularity.acceptance.columns import CapacityColumns, FacilityColumns, OutputColumns, columns_of
from circularity.acceptance.pairs import Pairs
from circularity.acceptance.rules import CONDITIONAL, RULES, ask_conditions, days, not_asked
from circularity.acceptance.tables import Tables
from circularity.units import MISSING, IntArray
from matching.candidates import BY_CODE, dense_blocks, lane_blocks, no_pairs
from matching.case import Case
from matching.costs import COMPONENTS, MONEY, Costs, pair_costs
from matching.distances import lane_limits_kg, lane_rows, pair_distances_m

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Arcs:
    """The lawful and conditional pairs, sorted by (output, capacity), as columns of one length.

    `output` and `capacity` are rows of the case. `distance_m` is MISSING where neither coordinates nor a lane
    give one; `limit_kg` is a lane's limit or MISSING. Bit k of `conditions` is set when
    `acceptance.CONDITIONS[k]` must be met first; 0 can move today. Days are ordinals, `latest_day` MISSING
    when open. `components` holds transport, gate_fee, price and carbon in µCNY/kg, signed as they enter the
    sum and 0 where unknown; `unknown` marks unknown transport, gate_fee and price per arc.
    `excluded[i, r]` counts the capacities that rule r was the first to exclude for output i; `not_asked`
    names the rules for which the case holds no data.
    """

    output: IntArray
    capacity: IntArray
    distance_m: IntArray
    limit_kg: IntArray
    conditions: IntArray
    earliest_day: IntArray
    latest_day: IntArray
    components: Mapping[str, IntArray]
    unknown: Mapping[str, BoolArray]
    excluded: IntArray
    not_asked: tuple[str, ...]

    @property
    def cost_ucny_per_kg(self) -> IntArray:
        """Sum of the known components, µCNY/kg; negative where the pair earns money."""
        total = np.zeros(len(self.output), dtype=np.int64)
        for component in self.components.values():
            total += component
        return total


@dataclass(frozen=True)
class Kept:
    """What one block of candidates left: its lawful and conditional pairs with days and costs."""

    pairs: Pairs
    earliest_day: IntArray
    latest_day: IntArray
    limit_kg: IntArray
    costs: Costs


def find_arcs(case: Case) -> Arcs:
    """Return every pair of the case that is lawful now or after procedures, and why the others are not.

    Candidates come in blocks of outputs to bound memory. Each rule sees only the pairs that the ones before
    let pass, so distances and costs are computed for few.
    """
    tables = tables_of(case)
    excluded = np.zeros((case.shape[0], len(RULES)), dtype=np.int64)
    if case.parameters.only_lanes:
        blocks, first_rule = lane_blocks(case, tables), 0
    else:
        blocks, first_rule = dense_blocks(tables, excluded), len(BY_CODE)
    kept = [_kept(case, block, first_rule, excluded) for block in blocks]
    return _joined(kept or [_kept(case, no_pairs(tables), first_rule, excluded)], excluded, not_asked(tables))


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
    "conditions": lambda _, pairs: ask_conditions(pairs),
}
"""How to learn of pairs what a rule needs."""


def _kept(case: Case, pairs: Pairs, first_rule: int, excluded: IntArray) -> Kept:
    """Apply the rules from `first_rule` on, count what each excludes, and return the pairs that are left."""
    base = int(pairs.i[0]) if len(pairs) else 0
    for r, rule in enumerate(RULES[first_rule:], start=first_rule):
        if rule.effect == CONDITIONAL or not rule.asked(pairs.tables):
            continue
        pairs = SUPPLY[rule.needs](case, pairs)
        broken = rule.slack(pairs) > 0
        if broken.any():
            counts = np.bincount(pairs.i[broken] - base)
            excluded[base : base + len(counts), r] += counts
            pairs = pairs.take(~broken)
    pairs = with_distances(case, pairs)
    earliest, latest = days(pairs)
    return Kept(pairs, earliest, latest, lane_limits_kg(case, pairs.i, pairs.j), costs_of(case, pairs))


def _joined(kept: list[Kept], excluded: IntArray, unasked: tuple[str, ...]) -> Arcs:
    def column(read: Callable[[Kept], Any]) -> Any:
        return np.concatenate([read(block) for block in kept])

    return Arcs(
        output=column(lambda k: k.pairs.i),
        capacity=column(lambda k: k.pairs.j),
        distance_m=column(lambda k: k.pairs.distance_m),
        limit_kg=column(lambda k: k.limit_kg),
        conditions=column(lambda k: k.pairs.conditions),
        earliest_day=column(lambda k: k.earliest_day),
        latest_day=column(lambda k: k.latest_day),
        components={n: np.concatenate([k.costs.components[n] for k in kept]) for n in COMPONENTS},
        unknown={n: np.concatenate([k.costs.unknown[n] for k in kept]) for n in MONEY},
        excluded=excluded,
        not_asked=unasked,
    )


def _any_given(column: IntArray) -> bool:
    return bool(np.any(column != MISSING))
