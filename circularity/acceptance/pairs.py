"""Pairs of an output and a capacity, as the rules see them: rows into tables, and what is known per pair."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from circularity.acceptance.columns import BoolArray
from circularity.acceptance.tables import Tables
from circularity.units import MISSING, IntArray

OPEN_DAY = 4_000_000
"""Stands for an absent end of an interval in comparisons; later than any date, so it never wins a minimum."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs (i[k], j[k]) of rows of outputs and capacities, or a grid of them.

    In a grid `i` has shape (n, 1) and `j` (1, m): whatever a rule computes broadcasts to all n × m pairs, and
    what depends on one side alone stays n or m values.
    `distance_m` and `net_cost_ucny_per_kg` hold MISSING where unknown, and are None until somebody has
    computed them; `conditions` holds the bits of the conditional rules once those have been asked.
    """

    tables: Tables
    i: IntArray
    j: IntArray
    distance_m: IntArray | None = None
    net_cost_ucny_per_kg: IntArray | None = None
    conditions: IntArray | None = None

    def __len__(self) -> int:
        return len(self.i)

    @property
    def shape(self) -> tuple[int, ...]:
        """(pairs,), or (outputs, capacities) of a grid."""
        return np.broadcast_shapes(self.i.shape, self.j.shape)

    def listed(self, chosen: BoolArray, conditions: IntArray | None = None) -> Self:
        """Return the chosen pairs of a grid one by one, sorted by (i, j), with their conditions if known."""
        row, column = np.nonzero(chosen)
        bits = None if conditions is None else conditions[row, column].astype(np.int64)
        return replace(self, i=self.i[row, 0], j=self.j[0, column], conditions=bits)

    def take(self, rows: Any) -> Self:
        """Return the pairs at these positions, with everything known about them."""
        return replace(
            self,
            i=self.i[rows],
            j=self.j[rows],
            distance_m=None if self.distance_m is None else self.distance_m[rows],
            net_cost_ucny_per_kg=None
            if self.net_cost_ucny_per_kg is None
            else self.net_cost_ucny_per_kg[rows],
            conditions=None if self.conditions is None else self.conditions[rows],
        )

    def window(self) -> tuple[IntArray, IntArray]:
        """Return first and last day on which all intervals of the pair and the case hold; OPEN_DAY = no end.

        No window begins before the day on which the rules are asked.
        """
        tables = self.tables
        outputs, capacities = tables.outputs, tables.capacities
        first = np.maximum(outputs.available_from_day[self.i], capacities.available_from_day[self.j])
        first = np.maximum(first, max(tables.as_of_day, tables.period_from_day))
        last = np.minimum(
            open_end(outputs.available_to_day[self.i]), open_end(capacities.available_to_day[self.j])
        )
        period_to = OPEN_DAY if tables.period_to_day == MISSING else tables.period_to_day
        return first, np.minimum(last, period_to)

    def entitled_window(self) -> tuple[IntArray, IntArray]:
        """Return the window, ended by the entitlement where that ends first."""
        first, last = self.window()
        return first, np.minimum(last, open_end(self.tables.capacities.licence_valid_to_day[self.j]))

    def crosses_provinces(self) -> BoolArray:
        """Return per pair whether both provinces are known and differ."""
        origin, destination = self.tables.origin[self.i], self.tables.destination[self.j]
        crosses: BoolArray = (origin != destination) & (origin > 0) & (destination > 0)
        return crosses


def open_end(days: IntArray) -> IntArray:
    """Return the days with OPEN_DAY for an absent one."""
    return np.where(days == MISSING, OPEN_DAY, days)
