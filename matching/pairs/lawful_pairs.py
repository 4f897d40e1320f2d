"""Lawful pairs column by column: millions of them are held, joined and cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from circularity.units import IntArray

Rows = npt.NDArray[np.int32] | IntArray
"""Rows of a table; those of millions of pairs take four bytes each."""

AnyArray = npt.NDArray[Any]


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


def rows_of(pairs: LawfulPairs, output: Rows, capacity: Rows) -> IntArray:
    """Return where the given pairs, all of them among `pairs`, stand in it."""
    width = int(max(pairs.capacity.max(initial=0), capacity.max(initial=0))) + 1
    wanted = output.astype(np.int64) * width + capacity
    return np.searchsorted(pairs.output.astype(np.int64) * width + pairs.capacity, wanted)
