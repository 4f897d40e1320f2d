"""What a kilogram on a pair adds to each level: from its output, its capacity's operation, and its cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt

from circularity.catalogue import operations, utilisation, waste_types
from circularity.catalogue.waste_codes import STORAGE_LIMIT_DAYS, URGENT_MARGIN_DAYS
from circularity.units import MISSING, IntArray
from matching.case import Case
from matching.flow.problem import Coefficients
from matching.flow.radix import largest
from matching.pairs.lawful_pairs import LawfulPairs, Rows

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class LevelCoefficients:
    """Coefficients by row: `urgent` per output, `utilised` per (hazardous, capacity), `rank` per capacity.

    `proposed` holds the pairs proposed before, as output * `n_capacities` + capacity, sorted.
    """

    urgent: npt.NDArray[np.int8]
    hazardous: npt.NDArray[np.int8]
    utilised: npt.NDArray[np.int8]
    rank: npt.NDArray[np.int8]
    proposed: IntArray
    n_capacities: int

    def with_outputs(self, case: Case) -> LevelCoefficients:
        """Return the coefficients of the case's outputs and the same capacities, none proposed before."""
        hazardous = _hazardous(case.outputs.waste_code)
        return replace(
            self,
            urgent=-(urgent_outputs(case, hazardous).astype(np.int8)),
            hazardous=hazardous.astype(np.int8),
            proposed=np.empty(0, dtype=np.int64),
        )

    def at(self, level: int, output: IntArray, capacity: IntArray) -> IntArray:
        """Return the coefficients of pairs, or of a grid of them, on a level before the cost."""
        if level == 0:
            return np.full((1,) * output.ndim, -1, dtype=np.int64)
        if level == 1:
            return self.urgent[output].astype(np.int64)
        if level == 2:
            return self.utilised[self.hazardous[output], capacity].astype(np.int64)
        return self.rank[capacity].astype(np.int64)

    def reach(self, level: int) -> int:
        """Return the largest magnitude of a coefficient on a level before the cost."""
        return 1 if level < 3 else largest(self.rank)

    def kept(self, output: Rows, capacity: Rows) -> npt.NDArray[np.int8]:
        """Return the coefficients of pairs on the level after the cost: -1 where one was proposed before."""
        if not self.proposed.size:
            return np.zeros(len(output), dtype=np.int8)
        # most outputs were proposed one outlet at most: only pairs of the others are searched for
        first, has_more = self._first_proposed
        was_proposed = first[output] == capacity
        others = np.flatnonzero(has_more[output])
        pair = output[others].astype(np.int64) * self.n_capacities + capacity[others]
        place = np.minimum(np.searchsorted(self.proposed, pair), len(self.proposed) - 1)
        was_proposed[others] = self.proposed[place] == pair
        kept: npt.NDArray[np.int8] = -was_proposed.astype(np.int8)
        return kept

    @cached_property
    def _first_proposed(self) -> tuple[npt.NDArray[np.int32], BoolArray]:
        """Per output: the first capacity proposed to it before, -1 for none, and whether there were more."""
        first = np.full(len(self.urgent), -1, dtype=np.int32)
        output, capacity = np.divmod(self.proposed, self.n_capacities)
        first[output[::-1]] = capacity[::-1]
        return first, np.bincount(output, minlength=len(self.urgent)) > 1

    def before_the_tie(self, pairs: LawfulPairs) -> tuple[Coefficients, ...]:
        """Return the coefficients of the pairs on every level but the last."""
        return (
            np.full(len(pairs.output), -1, dtype=np.int8),
            self.urgent[pairs.output],
            self.utilised[self.hazardous[pairs.output], pairs.capacity],
            self.rank[pairs.capacity],
            pairs.cost_ucny_per_kg,
            self.kept(pairs.output, pairs.capacity),
        )


def coefficients_of(case: Case, hazardous: BoolArray | None = None) -> LevelCoefficients:
    """Return the coefficients of a case; `hazardous` is what its tables say of its outputs."""
    hazardous = _hazardous(case.outputs.waste_code) if hazardous is None else hazardous
    on = date.fromordinal(case.parameters.as_of_day)
    codes, operation = np.unique(case.capacities.operation, return_inverse=True)
    ranks = np.array([rank_of(str(code), on) for code in codes], dtype=np.int8)
    counts = np.array(
        [[is_utilisation(hazardous, str(code), on) for code in codes] for hazardous in (False, True)],
        dtype=np.int8,
    ).reshape(2, len(codes))
    return LevelCoefficients(
        urgent=-(urgent_outputs(case, hazardous).astype(np.int8)),
        hazardous=hazardous.astype(np.int8),
        utilised=-counts[:, operation],
        rank=ranks[operation],
        proposed=case.proposals.output * case.shape[1] + case.proposals.capacity,
        n_capacities=case.shape[1],
    )


def urgent_outputs(case: Case, hazardous: BoolArray | None = None) -> BoolArray:
    """Say which outputs are hazardous lots whose storage limit has passed or comes within the horizon.

    The limit is storage since + 365 days; the horizon is the end of the matched period (the day of asking
    where the case gives none) + 30 days.
    """
    outputs, parameters = case.outputs, case.parameters
    end = parameters.as_of_day if parameters.period_to_day == MISSING else parameters.period_to_day
    horizon = max(end, parameters.as_of_day) + URGENT_MARGIN_DAYS
    stored = outputs.storage_since_day != MISSING
    due = np.where(stored, outputs.storage_since_day, 0) + STORAGE_LIMIT_DAYS
    hazardous = _hazardous(outputs.waste_code) if hazardous is None else hazardous
    urgent: BoolArray = hazardous & stored & (due <= horizon)
    return urgent


def rank_of(operation: str, on: date) -> int:
    """Return an operation's rank; one that nobody stated ranks last, so that silence is never preferred."""
    if operation:
        return operations.get(operation).rank
    return max(known.rank for known in operations.all_operations(on))


def is_utilisation(hazardous: bool, operation: str, on: date) -> bool:
    """Return whether an operation counts as utilisation for a class of waste; an unstated one does not."""
    return bool(operation) and utilisation.counts(hazardous, operation, on)


def _hazardous(waste_codes: npt.NDArray[np.str_]) -> BoolArray:
    codes, code_of = np.unique(waste_codes, return_inverse=True)
    return np.array([waste_types.is_hazardous(str(code)) for code in codes], dtype=bool)[code_of]
