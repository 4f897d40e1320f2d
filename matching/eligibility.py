"""From a case to its arcs: which pairs may meet, and for every other pair the first rule that forbids it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from circularity.units import IntArray
from matching.case import Case

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


def find_arcs(case: Case) -> Arcs:
    """Return every pair of the case that is lawful now or after procedures, and why the others are not."""
    raise NotImplementedError(case)
