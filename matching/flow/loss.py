"""What the region's optimum loses when a kilogram goes to one outlet instead of its best."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from circularity.units import IntArray
from matching.flow.network import UNREACHED
from matching.flow.problem import LEVELS


@dataclass(frozen=True)
class PricedRun:
    """The run whose prices are used; `is_old`: something has changed since it looked, or its terms differ."""

    public_id: str
    started_at: datetime
    as_of: date
    is_old: bool


@dataclass(frozen=True)
class Loss:
    """What the levels up to the cost lose per kilogram, above 0 is a loss; all 0 is as good as it gets.

    Figures tell what others hold and pay, so they are for the operator of the region; `level` says no more
    than on which level the first loss is.
    """

    per_kg: tuple[int, ...]
    run: PricedRun

    @property
    def level(self) -> str:
        """The first level on which something is lost, "" for none."""
        names = (level.name for level, lost in zip(LEVELS, self.per_kg, strict=False) if lost)
        return next(names, "")


def losses(changes: IntArray, entry_costs: IntArray) -> IntArray:
    """Return per level and pair what is lost against the best choice, UNREACHED where no price is known.

    A kilogram changes the levels by its own `changes` and by what it costs where it enters, both of shape
    (levels up to the cost, pairs). The best choice is the best of the priced pairs, or to stay unmatched.
    """
    priced = entry_costs[0] < UNREACHED
    totals = changes + entry_costs
    choices = np.concatenate([totals[:, priced], np.zeros((len(totals), 1), dtype=np.int64)], axis=1)
    for level in range(len(choices)):
        choices = choices[:, choices[level] == choices[level].min()]
    return np.where(priced, totals - choices[:, :1], UNREACHED)
