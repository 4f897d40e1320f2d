"""A Delta of any size from one seed number: as a case for the solver, or as parties for the story.

Both come from the same drawn columns. The case is exact to the row order of the draw; as parties the Delta
goes through the public verbs like the named one and can be told beside it.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from circularity.units import MISSING, IntArray
from matching.case import Cap, Capacities, Case, Facilities, Outputs, Parameters, TextArray
from seed.draw import Draw, draw

FIRST_DAY = date(2027, 1, 4)
"""First day of a generated case's period, fixed so that a seed number names one case for ever."""

PERIOD_DAYS = 182
_POOL_PERMILLE = 850
_QUOTA_EVERY = 10


def generate_case(
    n_outputs: int, n_capacities: int, groups: int = 10, random_seed: int = 1, *, as_of: date = FIRST_DAY
) -> Case:
    """Return a case of that size over `groups` waste streams; equal arguments give an equal digest.

    About four fifths of the pairs within a stream are lawful: 10,000 × 500 over 10 groups make some 400,000
    arcs. Facilities pool their lines under a nested cap, and every tenth capacity has a quota for Shanghai.
    Raises ValueError as `draw.draw` does.
    """
    drawn = draw(n_outputs, n_capacities, groups, random_seed)
    return Case.build(
        outputs=_outputs(drawn, as_of.toordinal()),
        facilities=_facilities(drawn),
        capacities=_capacities(drawn, as_of.toordinal()),
        parameters=Parameters(as_of_day=as_of.toordinal()),
        caps=_pools(drawn) + _quotas(drawn),
    )


def _outputs(drawn: Draw, first_day: int) -> Outputs:
    rows, sites = drawn.outputs, drawn.generators
    count, at = len(rows.stream), rows.generator
    absent = np.full(count, MISSING, dtype=np.int64)
    first_operation = np.array([stream.operations[0] for stream in drawn.streams])[rows.stream]
    stored = np.where(rows.stored_days == MISSING, MISSING, first_day - np.maximum(rows.stored_days, 0))
    return Outputs(
        output_id=_ids("O", np.arange(count)),
        organisation=_ids("G", at),
        lat_e7=sites.lat_e7[at],
        lon_e7=sites.lon_e7[at],
        region_code=sites.region_code[at],
        waste_code=np.array([stream.waste_code for stream in drawn.streams])[rows.stream],
        mass_kg=rows.mass_kg,
        available_from_day=first_day + rows.from_day,
        available_to_day=first_day + rows.to_day,
        allowed_operations=np.where(rows.restricted, first_operation, ""),
        max_distance_m=absent,
        max_net_cost_ucny_per_kg=rows.max_net_cost_ucny_per_kg,
        min_lot_kg=absent,
        price_ucny_per_kg=np.zeros(count, dtype=np.int64),
        storage_since_day=stored,
        status=np.full(count, "waste"),
        plan_mass_kg=np.where(rows.stored_days == MISSING, MISSING, rows.mass_kg),
        assays=_by_analyte(drawn, rows.stream, rows.content),
    )


def _facilities(drawn: Draw) -> Facilities:
    ids = _ids("F", np.arange(len(drawn.facilities.lat_e7)))
    return Facilities(
        facility_id=ids,
        organisation=ids,
        lat_e7=drawn.facilities.lat_e7,
        lon_e7=drawn.facilities.lon_e7,
        region_code=drawn.facilities.region_code,
        standing=np.full(len(ids), ""),
    )


def _capacities(drawn: Draw, first_day: int) -> Capacities:
    rows, streams = drawn.capacities, drawn.streams
    count = len(rows.stream)
    blank = np.full(count, "")
    ids = _ids("C", np.arange(count))
    return Capacities(
        capacity_id=ids,
        facility=rows.facility,
        entitlement_kind=np.array([s.entitlement_kind for s in streams])[rows.stream],
        licence_no=np.char.add("DEMO-", ids),
        licence_valid_to_day=first_day + rows.valid_days,
        waste_pattern=np.array([s.waste_pattern for s in streams])[rows.stream],
        operation=rows.operation,
        capacity_kg=rows.mass_kg,
        available_from_day=np.full(count, first_day, dtype=np.int64),
        available_to_day=np.full(count, first_day + PERIOD_DAYS - 1, dtype=np.int64),
        gate_fee_ucny_per_kg=rows.gate_fee_ucny_per_kg,
        accepts_from=rows.accepts_from,
        whitelist_from=blank,
        ship_within_days=np.full(count, MISSING, dtype=np.int64),
        senders=blank,
        max_distance_m=rows.max_distance_m,
        limits_min={},
        limits_max=_by_analyte(drawn, rows.stream, rows.limit),
    )


def _by_analyte(drawn: Draw, stream: IntArray, values: IntArray) -> dict[str, IntArray]:
    """Spread one value per row over a column per analyte, absent where the stream has another analyte."""
    names = np.array([s.analyte for s in drawn.streams])
    return {
        name: np.where(names[stream] == name, values, MISSING) for name in sorted({str(n) for n in names})
    }


def _pools(drawn: Draw) -> list[Cap]:
    """Cap what a facility takes on all its lines: less than their sum, never less than its largest line."""
    caps = []
    for facility in range(len(drawn.facilities.lat_e7)):
        members = np.flatnonzero(drawn.capacities.facility == facility)
        masses = drawn.capacities.mass_kg[members]
        limit_kg = max(int(masses.max()), int(masses.sum()) * _POOL_PERMILLE // 1000)
        caps.append(Cap(f"POOL-{facility:06d}", limit_kg, "", tuple(members.tolist())))
    return caps


def _quotas(drawn: Draw) -> list[Cap]:
    """Hold every tenth capacity to a fifth of itself for waste of Shanghai."""
    members = range(0, len(drawn.capacities.mass_kg), _QUOTA_EVERY)
    return [Cap(f"QUOTA-{j:06d}", int(drawn.capacities.mass_kg[j]) // 5, "31", (j,)) for j in members]


def _ids(letter: str, numbers: IntArray) -> TextArray:
    return np.array([f"{letter}{number:06d}" for number in numbers.tolist()])
