"""The standard cases: a size, a number of waste groups and a tightness name one generated case for ever."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from circularity.units import IntArray
from matching.case import Case
from seed.generate import generate_case
from seed.tables import read_streams

RANDOM_SEED = 1


@dataclass(frozen=True)
class StandardCase:
    """One generated case, by what generates it."""

    outputs: int
    capacities: int
    groups: int
    tightness: str

    def build(self) -> Case:
        """Return the case."""
        return generate_case(
            self.outputs, self.capacities, self.groups, RANDOM_SEED, tightness=self.tightness
        )


def capacities_by_code(case: Case) -> dict[str, IntArray]:
    """Return for every waste code of a generated case the capacities of its group."""
    patterns = case.capacities.waste_pattern
    by_pattern = {str(pattern): np.flatnonzero(patterns == pattern) for pattern in np.unique(patterns)}
    return {stream.waste_code: by_pattern.get(stream.waste_pattern, no_rows()) for stream in read_streams()}


def no_rows() -> IntArray:
    """Return no row of anything."""
    return np.empty(0, dtype=np.int64)


def group_pairs(case: Case) -> int:
    """Return how many pairs of an output and a capacity of the same group a generated case has."""
    of_code = capacities_by_code(case)
    codes, counts = np.unique(case.outputs.waste_code, return_counts=True)
    return sum(
        count * len(of_code[code]) for code, count in zip(codes.tolist(), counts.tolist(), strict=True)
    )
