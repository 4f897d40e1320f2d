"""Why an output stayed behind.

An output with lawful outlets stayed behind because they are full: `capacity`, told with the number of plants
that would take it but for their standing. For one without, the nearest miss is told (`near_misses`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Protocol

import numpy as np

from circularity.acceptance.tables import Tables
from circularity.acceptance.texts import TextArray
from circularity.units import MISSING, IntArray, format_tonnes
from matching.case import Case
from matching.pairs.candidates import BLOCK_PAIRS
from matching.pairs.distances import lane_rows, pair_distances_m
from matching.pairs.eligibility import tables_of
from matching.pairs.lawful_pairs import Rows
from matching.pairs.room import ROOM, Room
from matching.reasons.near_misses import FAR, Miss, kept_back_by_standing, nearest_misses

CAPACITY = "capacity"


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
    tables = tables or tables_of(case)
    stuck = left[with_outlets[left]]
    full = _full_outlets(case, _nearest(case, lawful, stuck, nearest), unmatched_kg, room)
    full = _beside_the_kept_back(full, kept_back_by_standing(case, tables, stuck))
    misses = nearest_misses(case, tables, left[~with_outlets[left]])
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
        zh = f"{n} 个合规去处的可用能力已排满；最近的 {name} 再有 {tonnes} t {more_zh}即可接收"
        more = f"{tonnes} t more {more_en} at {name}, the nearest"
        en = f"its {n} lawful outlet(s) are full; {more}, would take it"
        misses.append(Miss(i, CAPACITY, j, kg, "kg", zh, en))
    return misses


def _beside_the_kept_back(misses: Sequence[Miss], plants: Mapping[int, int]) -> list[Miss]:
    """Tell where more would take it, were their standing good: by output, how many facilities."""
    told = []
    for miss in misses:
        if n := plants.get(miss.output, 0):
            zh = f"{miss.change_zh}；另有 {n} 家设施暂不得接收新的废物（设施状态），解除后也可接收"
            en = f"{miss.change_en}; {n} more would take it but for their standing (suspended or the like)"
            miss = replace(miss, change_zh=zh, change_en=en)  # noqa: PLW2901 - the same miss, told further
        told.append(miss)
    return told


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
