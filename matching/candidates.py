"""Which pairs are candidates at all, in blocks that bound memory, sorted by (output, capacity).

The first rules depend on the waste code and the capacity alone. One output answers them for all outputs of
its code, so most pairs of a region are excluded, and counted, without ever being listed.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from circularity.acceptance.pairs import Pairs
from circularity.acceptance.rules import RULES
from circularity.acceptance.tables import Tables
from circularity.units import IntArray
from matching.case import Case

BLOCK_PAIRS = 2_000_000
"""Pairs judged at once: about 16 MB a column."""

BY_CODE = tuple(rule for rule in RULES if rule.by_code)
"""The rules that one output answers for its whole waste code; they come first in RULES."""


def dense_blocks(tables: Tables, excluded: IntArray) -> Iterator[Pairs]:
    """Yield every pair that passes the rules by code, and add what those exclude to `excluded`, in blocks."""
    codes, example, code = np.unique(tables.outputs.waste_code, return_index=True, return_inverse=True)
    capacities = np.arange(len(tables.capacities.facility))
    fitting: list[IntArray] = []
    counts = np.zeros((len(codes), len(BY_CODE)), dtype=np.int64)
    for c, row in enumerate(example.tolist()):
        pairs = Pairs(tables, np.full(len(capacities), row), capacities)
        for r, rule in enumerate(BY_CODE):
            broken = rule.slack(pairs) > 0 if rule.asked(tables) else np.zeros(len(pairs), dtype=bool)
            counts[c, r] = np.count_nonzero(broken)
            pairs = pairs.take(~broken)
        fitting.append(pairs.j)
    excluded[:, : len(BY_CODE)] += counts[code]
    yield from _expanded(tables, code, fitting)


def lane_blocks(case: Case, tables: Tables) -> Iterator[Pairs]:
    """Yield the pairs that the case names as lanes, in blocks."""
    for start in range(0, len(case.lanes.output), BLOCK_PAIRS):
        block = slice(start, start + BLOCK_PAIRS)
        yield Pairs(tables, case.lanes.output[block], case.lanes.capacity[block])


def outputs_with_all(tables: Tables, outputs: IntArray) -> Iterator[Pairs]:
    """Yield every pair of the given output rows with every capacity, in blocks."""
    capacities = np.arange(len(tables.capacities.facility))
    rows = max(1, BLOCK_PAIRS // max(1, len(capacities)))
    for start in range(0, len(outputs), rows):
        block = outputs[start : start + rows]
        yield Pairs(tables, np.repeat(block, len(capacities)), np.tile(capacities, len(block)))


def no_pairs(tables: Tables) -> Pairs:
    """Return no pair of the tables."""
    return Pairs(tables, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))


def _expanded(tables: Tables, code: IntArray, fitting: list[IntArray]) -> Iterator[Pairs]:
    """Yield each output with the capacities that fit its code; blocks end between outputs."""
    sizes = np.array([len(fits) for fits in fitting], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    fits = np.concatenate([*fitting, np.empty(0, dtype=np.int64)])
    per_output = sizes[code]
    ends = np.cumsum(per_output)
    first = 0
    while first < len(code):
        listed_before = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, listed_before + BLOCK_PAIRS, side="right")))
        width = per_output[first:last]
        begin = np.repeat(np.cumsum(width) - width, width)
        place = np.arange(len(begin)) - begin + np.repeat(starts[code[first:last]], width)
        yield Pairs(tables, np.repeat(np.arange(first, last), width), fits[place])
        first = last
