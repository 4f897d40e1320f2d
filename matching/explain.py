"""Why an output stayed behind.

An output with lawful outlets stayed behind because they are full: `capacity`. For one without, the nearest
miss is told: the capacity that breaks the fewest rules, of those the one that got furthest in the order of
the rules, then the smallest slack, the nearest, the first by id; and with it the change that mends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np

from circularity.acceptance.facts import deviations, fill
from circularity.acceptance.pairs import Pairs
from circularity.acceptance.rules import CONDITIONAL, RULES, Rule, ask_conditions
from circularity.acceptance.sentences import WORDS
from circularity.acceptance.tables import Tables
from circularity.acceptance.texts import TextArray
from circularity.units import MISSING, IntArray, format_tonnes
from matching.candidates import BLOCK_PAIRS, lane_blocks, outputs_with_all
from matching.case import Case
from matching.distances import lane_rows, pair_distances_m
from matching.eligibility import Rows, tables_of, with_costs
from matching.room import ROOM, Room

CAPACITY = "capacity"
NO_CANDIDATE = "no_candidate"
"""The case has no capacity at all, or names no lane for the output: there is no pair to ask a rule of."""

FAR = int(np.iinfo(np.int64).max)
FORBIDDING = tuple(rule for rule in RULES if rule.effect != CONDITIONAL)
COSTLY = tuple(r for r, rule in enumerate(FORBIDDING) if rule.needs)


@dataclass(frozen=True)
class Unmatched:
    """Why mass stayed behind, one row per output with unmatched kg, sorted by output.

    `reason` is a rule's code, CAPACITY or NO_CANDIDATE; `nearest_capacity` is a row of capacities or -1;
    `slack` is how far that pair is from fitting in `slack_unit` (MISSING without a pair), and the change says
    in words what would make it fit.
    """

    output: IntArray
    mass_kg: IntArray
    reason: TextArray
    nearest_capacity: IntArray
    slack: IntArray
    slack_unit: TextArray
    change_zh: TextArray
    change_en: TextArray

    def take(self, rows: IntArray) -> Unmatched:
        """Return the reasons at these positions."""
        return Unmatched(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


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


class PairRows(Protocol):
    """Lawful pairs by the rows of their output and capacity, sorted."""

    @property
    def output(self) -> Rows:
        """Rows of outputs."""

    @property
    def capacity(self) -> Rows:
        """Rows of capacities."""


def explain_unmatched(
    case: Case,
    lawful: PairRows,
    unmatched_kg: IntArray,
    room: Room | None = None,
    outputs: IntArray | None = None,
    tables: Tables | None = None,
    nearest: IntArray | None = None,
) -> Unmatched:
    """Return the reason of every output with unmatched kg; `unmatched_kg` has one entry per output.

    `lawful` holds all lawful pairs of the rows in `outputs`, by default of all. `room` is what the plan
    leaves free; without it a full outlet is taken to want room of its own. `tables` are those of the case.
    `nearest` is each output's nearest lawful capacity where it is known already, else -1.
    """
    rows = np.arange(case.shape[0]) if outputs is None else outputs
    left = rows[unmatched_kg[rows] > 0]
    with_outlets = np.zeros(case.shape[0], dtype=bool)
    with_outlets[lawful.output] = True
    full = _full_outlets(case, _nearest(case, lawful, left[with_outlets[left]], nearest), unmatched_kg, room)
    misses = _nearest_misses(case, tables or tables_of(case), left[~with_outlets[left]])
    return unmatched_rows(sorted([*full, *misses], key=lambda miss: miss.output), unmatched_kg)


def joined(reasons: Sequence[Unmatched]) -> Unmatched:
    """Return the rows of all together, sorted by output."""
    columns = {f.name: np.concatenate([getattr(each, f.name) for each in reasons]) for f in fields(Unmatched)}
    return Unmatched(**columns).take(np.argsort(columns["output"], kind="stable"))


def unmatched_rows(misses: Sequence[Miss], unmatched_kg: IntArray) -> Unmatched:
    """Return the columns of rows sorted by output."""
    output = np.array([miss.output for miss in misses], dtype=np.int64)
    return Unmatched(
        output=output,
        mass_kg=unmatched_kg[output],
        reason=np.array([miss.reason for miss in misses], dtype=np.str_),
        nearest_capacity=np.array([miss.nearest_capacity for miss in misses], dtype=np.int64),
        slack=np.array([miss.slack for miss in misses], dtype=np.int64),
        slack_unit=np.array([miss.slack_unit for miss in misses], dtype=np.str_),
        change_zh=np.array([miss.change_zh for miss in misses], dtype=np.str_),
        change_en=np.array([miss.change_en for miss in misses], dtype=np.str_),
    )


def _full_outlets(
    case: Case, nearest: Iterable[tuple[int, int, int]], unmatched_kg: IntArray, room: Room | None
) -> list[Miss]:
    """Outputs whose lawful outlets are full: the nearest of them would need room for what is left."""
    misses = []
    for i, j, n in nearest:
        kg, name = int(unmatched_kg[i]), str(case.capacities.capacity_id[j])
        tonnes = format_tonnes(kg)
        wanting = room.wanting(i, j, kg) if room else [ROOM]
        more_zh, more_en = "、".join(zh for zh, _ in wanting), " and ".join(en for _, en in wanting)
        zh = f"{n} 个合规去处的可用能力已排满;最近的 {name} 再有 {tonnes} t {more_zh}即可接收"
        more = f"{tonnes} t more {more_en} at {name}, the nearest"
        en = f"its {n} lawful outlet(s) are full; {more}, would take it"
        misses.append(Miss(i, CAPACITY, j, kg, "kg", zh, en))
    return misses


def _nearest(
    case: Case, lawful: PairRows, outputs: IntArray, known: IntArray | None
) -> Iterator[tuple[int, int, int]]:
    """Yield each output with its nearest lawful capacity, the first by id of equals, and their number."""
    first, end = (np.searchsorted(lawful.output, outputs, side=side) for side in ("left", "right"))
    if known is not None:
        is_known = known[outputs] >= 0
        told, count = outputs[is_known], (end - first)[is_known]
        yield from zip(told.tolist(), known[told].tolist(), count.tolist(), strict=True)
        outputs, first, end = outputs[~is_known], first[~is_known], end[~is_known]
    ends = np.cumsum(end - first)
    start = 0
    while start < len(outputs):
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + BLOCK_PAIRS, side="right")))
        width = (end - first)[start:stop]
        begin = np.cumsum(width) - width
        rows = np.arange(int(width.sum())) + np.repeat(first[start:stop] - begin, width)
        i, j = lawful.output[rows].astype(np.int64), lawful.capacity[rows].astype(np.int64)
        metres = pair_distances_m(case, i, j, lane_rows(case, i, j))
        far = np.where(metres == MISSING, FAR, metres)
        least = np.minimum.reduceat(far, begin)
        nearest = np.flatnonzero(far == np.repeat(least, width))
        nearest = nearest[np.unique(i[nearest], return_index=True)[1]]
        yield from zip(i[nearest].tolist(), j[nearest].tolist(), width.tolist(), strict=True)
        start = stop


def _nearest_misses(case: Case, tables: Tables, outputs: IntArray) -> list[Miss]:
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


def _misses(case: Case, pairs: Pairs) -> list[Miss]:
    """Return the nearest miss of every output of the pairs, in words."""
    pairs = with_costs(case, ask_conditions(_close_enough(pairs)))
    tally = _tally(pairs)
    far = np.full(len(pairs), FAR) if pairs.distance_m is None else pairs.distance_m
    far = np.where(far == MISSING, FAR, far)
    order = np.lexsort((pairs.j, far, tally.slack, -tally.first, tally.count, pairs.i))
    nearest = order[np.unique(pairs.i[order], return_index=True)[1]]
    return [
        _miss(case, pairs.take(np.array([k])), int(tally.first[k]), int(tally.slack[k]))
        for k in nearest.tolist()
    ]


@dataclass(frozen=True)
class Tally:
    """Per pair: how many of the rules it breaks, the first of them (row of the rules asked) and its slack."""

    count: IntArray
    first: IntArray
    slack: IntArray


def _tally(pairs: Pairs, but: tuple[int, ...] = ()) -> Tally:
    """Ask the forbidding rules of every pair, except those at the rows `but`."""
    count, slack = np.zeros((2, *pairs.shape), dtype=np.int64)
    first = np.full(pairs.shape, -1, dtype=np.int64)
    for r, rule in enumerate(FORBIDDING):
        if r not in but and rule.asked(pairs.tables):
            by = rule.slack(pairs)
            new = (by > 0) & (first < 0)
            first, slack = np.where(new, r, first), np.where(new, by, slack)
            count += by > 0
    return Tally(count, first, slack)


def _close_enough(pairs: Pairs) -> Pairs:
    """Drop the pairs that cannot be the nearest miss, whatever their distance and cost turn out to be.

    Fewest broken rules, then furthest, is the least count * n - first. The costly rules can add their number
    to the count and make the first rule an earlier one, so each pair has a best and a worst case; a pair
    whose best case is behind the worst case of another pair of its output is out.
    """
    n, cheap = len(FORBIDDING), _tally(pairs, but=COSTLY)
    costly = [r for r in COSTLY if FORBIDDING[r].asked(pairs.tables)]
    reached = np.where(cheap.first < 0, n, cheap.first)
    best = cheap.count * n - reached
    worst = (cheap.count + len(costly)) * n - np.minimum(reached, min(costly, default=n))
    if pairs.i.ndim == 2:
        return pairs.listed(best <= worst.min(axis=1, keepdims=True))
    bound = np.full(len(pairs.tables.outputs.mass_kg), FAR)
    np.minimum.at(bound, pairs.i, worst)
    return pairs.take(best <= bound[pairs.i])


def _miss(case: Case, pair: Pairs, first: int, slack: int) -> Miss:
    """Return the miss of one pair, with the first rule it breaks and the change that would mend it."""
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
