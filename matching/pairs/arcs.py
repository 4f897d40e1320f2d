"""Everything there is to say of lawful pairs: distance, days, cost components, conditions.

Solving needs little of it and has millions of pairs; this is computed for those that a plan uses or a person
asks about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from circularity.acceptance.pairs import Pairs
from circularity.acceptance.rules import days, not_asked
from circularity.acceptance.tables import Tables
from circularity.units import MISSING, IntArray
from matching.case import Case
from matching.pairs.candidates import fits_by_code
from matching.pairs.eligibility import costs_of, eligibility, tables_of, with_distances
from matching.pairs.lawful_pairs import LawfulPairs

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Arcs:
    """Lawful and conditional pairs, sorted by (output, capacity), as columns of one length.

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


def find_arcs(case: Case, outputs: IntArray | None = None) -> Arcs:
    """Return every pair that is lawful now or after procedures, and why the others are not.

    `outputs` are sorted rows, by default all; `excluded` then has a row for each of these.
    """
    tables = tables_of(case)
    rows = np.arange(case.shape[0]) if outputs is None else outputs
    found = eligibility(case, tables, fits_by_code(tables), rows)
    return arcs_of(case, tables, found.pairs, found.excluded)


def arcs_of(case: Case, tables: Tables, lawful: LawfulPairs, excluded: IntArray) -> Arcs:
    """Return all there is to say of lawful pairs."""
    pairs = with_distances(
        case,
        Pairs(
            tables,
            lawful.output.astype(np.int64),
            lawful.capacity.astype(np.int64),
            conditions=lawful.conditions.astype(np.int64),
        ),
    )
    earliest, latest = days(pairs)
    costs = costs_of(case, pairs)
    no_limit = np.full(len(lawful), MISSING, dtype=np.int64)
    return Arcs(
        output=pairs.i,
        capacity=pairs.j,
        distance_m=no_limit if pairs.distance_m is None else pairs.distance_m,
        limit_kg=no_limit if lawful.limit_kg is None else lawful.limit_kg,
        conditions=lawful.conditions.astype(np.int64),
        earliest_day=earliest,
        latest_day=latest,
        components=costs.components,
        unknown=costs.unknown,
        excluded=excluded,
        not_asked=not_asked(tables),
    )
