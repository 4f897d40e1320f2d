"""Which pairs are candidates at all, in blocks that bound memory.

The first rules depend on the waste code and the capacity alone. One output answers them for all outputs of
its code, so most pairs of a region are excluded, and counted, without ever being listed. The outputs of a
code and the capacities that fit it then form a grid, whose rules are asked by broadcasting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from circularity.acceptance.pairs import Pairs
from circularity.acceptance.rules import RULES
from circularity.acceptance.tables import Tables
from circularity.units import IntArray
from matching.case import Case

GRID_PAIRS = 65_536
"""Pairs judged at once: half a megabyte a column, so that what the rules make of them stays in a cache."""

BLOCK_PAIRS = 250_000
"""Pairs whose problem is made at once: about 2 MB a column."""

BY_CODE = tuple(rule for rule in RULES if rule.by_code)
"""The rules that one output answers for its whole waste code; they come first in RULES."""


@dataclass(frozen=True)
class Fits:
    """Which capacities pass the rules by code: `capacities[c]` for the waste code c, `code` per output.

    `excluded[c, r]` counts the capacities that rule r was the first to exclude for the code.
    """

    code: IntArray
    capacities: tuple[IntArray, ...]
    excluded: IntArray

    @cached_property
    def widths(self) -> IntArray:
        """How many capacities fit each code."""
        return np.array([len(capacities) for capacities in self.capacities], dtype=np.int64)


def fits_by_code(tables: Tables) -> Fits:
    """Ask the rules by code, once for every waste code and capacity."""
    codes, code = tables.outputs.codes
    example = np.empty(len(codes), dtype=np.int64)
    example[code] = np.arange(len(code))
    fitting: list[IntArray] = []
    counts = np.zeros((len(codes), len(BY_CODE)), dtype=np.int64)
    for grid in outputs_with_all(tables, example):
        passing = np.ones(grid.shape, dtype=bool)
        first = len(fitting)
        for r, rule in enumerate(BY_CODE):
            if rule.asked(tables):
                broken = passing & (rule.slack(grid) > 0)
                counts[first : first + len(broken), r] = np.count_nonzero(broken, axis=1)
                passing ^= broken
        fitting += [np.flatnonzero(row) for row in passing]
    nothing = np.empty(0, dtype=np.int64)
    return Fits(code, tuple(fitting) or (nothing,) * len(codes), counts)


def grids(tables: Tables, fits: Fits, outputs: IntArray) -> Iterator[Pairs]:
    """Yield the given output rows with the capacities that fit their codes, code by code, as grids."""
    by_code = outputs[np.argsort(fits.code[outputs], kind="stable")]
    for rows in np.split(by_code, np.flatnonzero(np.diff(fits.code[by_code])) + 1):
        capacities = fits.capacities[fits.code[rows[0]]] if rows.size else rows
        if capacities.size:
            step = max(1, GRID_PAIRS // len(capacities))
            for start in range(0, len(rows), step):
                yield Pairs(tables, rows[start : start + step, None], capacities[None, :])


def lane_blocks(case: Case, tables: Tables, outputs: IntArray) -> Iterator[Pairs]:
    """Yield the lanes of the given output rows, in blocks that end between outputs."""
    lanes = np.flatnonzero(np.isin(case.lanes.output, outputs))
    output, start = case.lanes.output[lanes], 0
    while start < len(lanes):
        last = output[min(start + GRID_PAIRS, len(lanes)) - 1]
        stop = int(np.searchsorted(output, last, side="right"))
        block = lanes[start:stop]
        yield Pairs(tables, case.lanes.output[block], case.lanes.capacity[block])
        start = stop


def outputs_with_all(tables: Tables, outputs: IntArray) -> Iterator[Pairs]:
    """Yield the given output rows with every capacity, as grids."""
    capacities = np.arange(len(tables.capacities.facility))
    step = max(1, GRID_PAIRS // max(1, len(capacities)))
    if capacities.size:
        for start in range(0, len(outputs), step):
            yield Pairs(tables, outputs[start : start + step, None], capacities[None, :])
