"""The lawful pairs of one part as problems: all at once where they are few, else in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from circularity.units import IntArray
from matching.flow.problem import Problem
from matching.pairs.candidates import BLOCK_PAIRS
from matching.pairs.lawful_pairs import LawfulPairs
from matching.pairs.parts import Part


@dataclass(frozen=True)
class PartPairs:
    """A part with its lawful pairs, sorted.

    Solving, pricing and proving each read all of them: the problem of few pairs is made once and kept, that
    of millions is made block by block and let go.
    """

    part: Part
    lawful: LawfulPairs

    def __len__(self) -> int:
        return len(self.lawful)

    def blocks(self) -> Iterator[tuple[slice, Problem]]:
        """Yield the pairs in slices of about BLOCK_PAIRS as problems, those of an output in one of them."""
        start = 0
        while start < len(self):
            stop = min(start + BLOCK_PAIRS, len(self))
            stop = int(np.searchsorted(self.lawful.output, self.lawful.output[stop - 1], side="right"))
            block = slice(start, stop)
            yield block, self._all if self._are_few else self.part.problem(self.lawful.take(block))
            start = stop

    def problem(self, rows: IntArray) -> Problem:
        """Return the problem over the pairs at these positions."""
        if not self._are_few:
            return self.part.problem(self.lawful.take(rows))
        return self._all if len(rows) == len(self) else self._all.take(rows)

    @property
    def _are_few(self) -> bool:
        return len(self) <= BLOCK_PAIRS

    @cached_property
    def _all(self) -> Problem:
        return self.part.problem(self.lawful)
