"""Vectors of levels as single integers, whose order is the lexicographic one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from circularity.units import IntArray


@dataclass(frozen=True)
class Radix:
    """Digits of which each level's stays within its `reach`, up or down."""

    reach: tuple[int, ...]

    @classmethod
    def of(cls, largest: Iterable[int]) -> Radix:
        """Return the radix for sums of two vectors with at most these magnitudes.

        Raises OverflowError where one integer does not hold them.
        """
        radix = cls(tuple(2 * value for value in largest))
        if not radix.fits:
            raise OverflowError("the levels of a pair do not fit one integer")
        return radix

    @cached_property
    def weights(self) -> tuple[int, ...]:
        """The weight of each level's digit."""
        weight, weights = 1, []
        for reach in reversed(self.reach):
            weights.append(weight)
            weight *= 2 * reach + 1
        return tuple(reversed(weights))

    @property
    def fits(self) -> bool:
        """Whether 62 bits suffice."""
        return self.weights[0] * (2 * self.reach[0] + 1) < 2**62

    def key(self, levels: Sequence[npt.NDArray[np.integer]]) -> IntArray:
        """Return vectors, given level by level in shapes that fit together, as integers."""
        first, *others = zip(self.weights, levels, strict=True)
        key: IntArray = first[0] * first[1].astype(np.int64)
        for weight, values in others:
            key = key + weight * values.astype(np.int64)
        return key

    def vectors(self, key: IntArray) -> IntArray:
        """Return the levels of keys, one row a level."""
        vectors = np.empty((len(self.reach), *key.shape), dtype=np.int64)
        rest = key
        for level in reversed(range(len(self.reach))):
            base, reach = 2 * self.reach[level] + 1, self.reach[level]
            vectors[level] = (rest + reach) % base - reach
            rest = (rest - vectors[level]) // base
        return vectors


def packed(levels: IntArray, sums_of: int) -> list[Radix]:
    """Group consecutive levels (levels × vectors) so that sums of so many vectors fit one integer a group."""
    return grouped(sums_of * largest(values) for values in levels)


def grouped(reaches: Iterable[int]) -> list[Radix]:
    """Group consecutive levels of these reaches so that vectors fit one integer a group."""
    groups: list[tuple[int, ...]] = []
    for reach in reaches:
        if groups and Radix((*groups[-1], reach)).fits:
            groups[-1] = (*groups[-1], reach)
        else:
            groups.append((reach,))
    return [Radix(group) for group in groups]


def largest(values: npt.NDArray[np.integer]) -> int:
    """Return the largest magnitude as a Python integer, which cannot wrap; 0 of nothing."""
    return max(abs(int(values.min())), abs(int(values.max()))) if values.size else 0
