"""Why a match is where it is: the lawful outlets of an output, best first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from circularity.acceptance.columns import BoolArray
from circularity.catalogue import waste_types
from circularity.units import IntArray
from matching.case import Case
from matching.pairs.arcs import Arcs
from matching.pairs.coefficients import is_utilisation, rank_of


@dataclass(frozen=True)
class Alternatives:
    """The lawful outlets of one output, best first by the levels: utilisation, rank, then cost.

    `arc` are rows of the arcs, so that conditions, days, distance and cost components can be read there;
    `utilised` and `rank` are of the outlet's operation, `cost_ucny_per_kg` the sum of the known components.
    """

    arc: IntArray
    capacity: IntArray
    utilised: BoolArray
    rank: IntArray
    cost_ucny_per_kg: IntArray


def explain_match(case: Case, arcs: Arcs, output_row: int) -> Alternatives:
    """Return where one output could go, best first: why this outlet, and what the next best would cost."""
    rows = np.arange(*np.searchsorted(arcs.output, [output_row, output_row + 1]))
    capacity, cost = arcs.capacity[rows], arcs.cost_ucny_per_kg[rows]
    on = date.fromordinal(case.parameters.as_of_day)
    hazardous = waste_types.is_hazardous(str(case.outputs.waste_code[output_row]))
    codes = case.capacities.operation[capacity].tolist()
    utilised = np.array([is_utilisation(hazardous, code, on) for code in codes], dtype=bool)
    rank = np.array([rank_of(code, on) for code in codes], dtype=np.int64)
    order = np.lexsort((capacity, cost, rank, ~utilised))
    return Alternatives(rows[order], capacity[order], utilised[order], rank[order], cost[order])
