"""The capacities that nearly fit an output: which rule stands in the way, and the change that mends it.

The nearest miss breaks the fewest rules; of those it is the one that got furthest in the order of the rules,
then the smallest slack, the nearest, the first by id. A plant that nothing but its standing keeps away got
furthest of all, though standing is asked first: it fits, and took such waste before it was suspended.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from circularity.acceptance.facts import deviations, fill
from circularity.acceptance.pairs import Pairs
from circularity.acceptance.rules import CONDITIONAL, RULES, Rule, ask_conditions
from circularity.acceptance.sentences import WORDS
from circularity.acceptance.tables import Tables
from circularity.units import MISSING, IntArray
from matching.case import Case
from matching.pairs.candidates import BLOCK_PAIRS, lane_blocks, outputs_with_all
from matching.pairs.distances import lane_rows
from matching.pairs.eligibility import with_costs

NO_CANDIDATE = "no_candidate"
"""The case has no capacity at all, or names no lane for the output: there is no pair to ask a rule of."""

FAR = int(np.iinfo(np.int64).max)
FORBIDDING = tuple(rule for rule in RULES if rule.effect != CONDITIONAL)
COSTLY = tuple(r for r, rule in enumerate(FORBIDDING) if rule.needs)
STANDING = next(r for r, rule in enumerate(FORBIDDING) if rule.code == "standing")


@dataclass(frozen=True)
class Miss:
    """One row of Unmatched before its columns are made."""

    output: int
    reason: str
    nearest_capacity: int
    slack: int
    slack_unit: str
    change_zh: str
    change_en: str


def nearest_misses(case: Case, tables: Tables, outputs: IntArray) -> list[Miss]:
    """Outputs without any lawful outlet: the rule and the change of the pair that comes closest."""
    if not outputs.size:
        return []
    if case.parameters.only_lanes:
        blocks = lane_blocks(case, tables, outputs)
    else:
        blocks = outputs_with_all(tables, outputs)
    misses = [miss for block in blocks for miss in _misses(case, block)]
    told = {miss.output for miss in misses}
    if case.parameters.only_lanes:
        zh, en = "lanes 表没有给它任何线路", "the sheet lanes names no pair for it"
    else:
        zh, en = "没有可供比较的接收能力", "there is no capacity to compare with"
    alone = [Miss(i, NO_CANDIDATE, -1, MISSING, "", zh, en) for i in outputs.tolist() if i not in told]
    return misses + alone


def near_misses(case: Case, tables: Tables, output: int, capacities: IntArray, most: int) -> list[Miss]:
    """The capacities that come closest to taking one output without being lawful for it, nearest first.

    Only the given capacities are asked; of one facility the nearest that a rule keeps away is told once.
    """
    pairs = with_costs(case, ask_conditions(Pairs(tables, np.full(len(capacities), output), capacities)))
    tally = _tally(pairs)
    order = [k for k in _nearest_first(pairs, tally).tolist() if tally.first[k] >= 0]
    facility = case.capacities.facility[pairs.j]
    once = {(int(facility[k]), int(tally.first[k])): k for k in reversed(order)}
    told = [k for k in order if once[int(facility[k]), int(tally.first[k])] == k][:most]
    return [_miss_at(case, pairs, tally, k) for k in told]


def kept_back_by_standing(case: Case, tables: Tables, outputs: IntArray) -> dict[int, int]:
    """Return of each output how many facilities would take it but for their standing; none is left out."""
    capacities = np.flatnonzero(~tables.in_good_standing)
    if not capacities.size:
        return {}
    found: Counter[int] = Counter()
    size = max(1, BLOCK_PAIRS // len(capacities))
    for start in range(0, len(outputs), size):
        rows = outputs[start : start + size]
        pairs = Pairs(tables, np.repeat(rows, len(capacities)), np.tile(capacities, len(rows)))
        if case.parameters.only_lanes:
            pairs = pairs.take(np.flatnonzero(lane_rows(case, pairs.i, pairs.j) >= 0))
        pairs = pairs.take(np.flatnonzero(_tally(pairs, but=COSTLY).count == 1))
        pairs = with_costs(case, ask_conditions(pairs))
        pairs = pairs.take(np.flatnonzero(_tally(pairs).count == 1))
        plants = zip(pairs.i.tolist(), case.capacities.facility[pairs.j].tolist(), strict=True)
        found.update(output for output, _ in set(plants))
    return found


def _misses(case: Case, pairs: Pairs) -> list[Miss]:
    """Return the nearest miss of every output of the pairs, in words."""
    pairs = with_costs(case, ask_conditions(_close_enough(pairs)))
    tally = _tally(pairs)
    order = _nearest_first(pairs, tally)
    nearest = order[np.unique(pairs.i[order], return_index=True)[1]]
    return [_miss_at(case, pairs, tally, k) for k in nearest.tolist()]


def _nearest_first(pairs: Pairs, tally: Tally) -> IntArray:
    """Return the places of pairs, output by output, those that come closest first."""
    far = np.full(len(pairs), FAR) if pairs.distance_m is None else pairs.distance_m
    far = np.where(far == MISSING, FAR, far)
    return np.lexsort((pairs.j, far, tally.slack, -tally.reached, tally.count, pairs.i))


@dataclass(frozen=True)
class Tally:
    """Per pair: how many of the rules it breaks, the first of them (row of the rules asked) and its slack."""

    count: IntArray
    first: IntArray
    slack: IntArray

    @property
    def reached(self) -> IntArray:
        """How far each pair got in the order of the rules; their number where only its standing is broken."""
        whole = (self.first < 0) | ((self.first == STANDING) & (self.count == 1))
        return np.where(whole, len(FORBIDDING), self.first)


def _tally(pairs: Pairs, but: tuple[int, ...] = ()) -> Tally:
    """Ask the forbidding rules of every pair, except those at the rows `but`."""
    count, slack = np.zeros((2, *pairs.shape), dtype=np.int64)
    first = np.full(pairs.shape, -1, dtype=np.int64)
    for r, rule in enumerate(FORBIDDING):
        if r not in but and rule.asked(pairs.tables):
            by = rule.slack(pairs)
            broken = by > 0
            if broken.any():
                new = broken & (first < 0)
                first, slack = np.where(new, r, first), np.where(new, by, slack)
                count += broken
    return Tally(count, first, slack)


def _close_enough(pairs: Pairs) -> Pairs:
    """Drop the pairs that cannot be the nearest miss, whatever their distance and cost turn out to be.

    Fewest broken rules, then furthest, is the least count * n - first. The costly rules can add their number
    to the count and make the first rule an earlier one, so each pair has a best and a worst case; a pair
    whose best case is behind the worst case of another pair of its output is out.
    """
    n, cheap = len(FORBIDDING), _tally(pairs, but=COSTLY)
    costly = [r for r in COSTLY if FORBIDDING[r].asked(pairs.tables)]
    best = cheap.count * n - cheap.reached
    first = np.where(cheap.first < 0, n, cheap.first)
    worst = (cheap.count + len(costly)) * n - np.minimum(first, min(costly)) if costly else best
    if pairs.i.ndim == 2:
        return pairs.listed(best <= worst.min(axis=1, keepdims=True))
    bound = np.full(len(pairs.tables.outputs.mass_kg), FAR)
    np.minimum.at(bound, pairs.i, worst)
    return pairs.take(best <= bound[pairs.i])


def _miss_at(case: Case, pairs: Pairs, tally: Tally, k: int) -> Miss:
    """Return the miss of one pair, with the first rule it breaks and the change that would mend it."""
    pair, first, slack = pairs.take(np.array([k])), int(tally.first[k]), int(tally.slack[k])
    if first < 0:
        raise ValueError("a lawful pair is missing from the arcs: they are not those of this case")
    rule = FORBIDDING[first]
    words, receiver = WORDS[rule.code], str(case.capacities.capacity_id[pair.j[0]])
    return Miss(
        output=int(pair.i[0]),
        reason=rule.code,
        nearest_capacity=int(pair.j[0]),
        slack=slack,
        slack_unit=_unit(rule, pair, slack),
        change_zh=fill(words.change_zh, pair, rule, slack, receiver),
        change_en=fill(words.change_en, pair, rule, slack, receiver),
    )


def _unit(rule: Rule, pair: Pairs, slack: int) -> str:
    """Return the unit of a slack; that of a composition names the analyte, in millionths of its unit."""
    if rule.code != "composition":
        return rule.slack_unit
    return next(f"1e-6 {analyte}" for analyte, _, _, excess in deviations(pair) if excess == slack)
