"""A Delta of any size from one seed number: as a case for the solver, or as parties for the story.

Both come from the same drawn columns. The case is exact to the row order of the draw; as parties the Delta
goes through the public verbs like the named one and can be told beside it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from circularity.units import M_PER_KM, MISSING, IntArray
from matching.case import Case
from matching.case_tables import Cap, Capacities, Facilities, Outputs, TextArray
from matching.parameters import Parameters
from seed.draw import FIRST_DAY, Draw, draw

TIGHTNESS_PERMILLE = {"tight": 1000, "slack": 1500}
"""What a stream's capacities hold together, in thousandths of the mass that is posted in it."""

STRAIGHT_LIMIT_KM = 150
_POOL_PERMILLE = 850
_QUOTA_EVERY = 10


def generate_case(
    n_outputs: int, n_capacities: int, groups: int = 10, random_seed: int = 1, *, tightness: str = "tight"
) -> Case:
    """Return a case of that size over `groups` waste streams; equal arguments give an equal digest.

    10 groups make it dense: 10,000 × 500 have some 400,000 lawful pairs, 50,000 × 2,000 some 8 million and
    200,000 × 5,000 some 78 million; 50 groups are nearer to real life. `tightness` is a key of
    TIGHTNESS_PERMILLE. No pair lies farther apart than 150 km in a straight line, which the parameters state
    with the detour. What rows are like is told in `seed.draw`; besides, a facility pools its two lines under
    a nested cap of 85 % of both, and every tenth capacity has a quota for Shanghai, a fifth of it.
    Raises ValueError as `draw.draw` does, KeyError for another tightness.
    """
    drawn = draw(n_outputs, n_capacities, groups, random_seed, TIGHTNESS_PERMILLE[tightness])
    first_day = FIRST_DAY.toordinal()
    parameters = Parameters(as_of_day=first_day)
    limit_m = STRAIGHT_LIMIT_KM * M_PER_KM * parameters.detour_permille // 1000
    return Case.build(
        outputs=_outputs(drawn, first_day),
        facilities=_facilities(drawn),
        capacities=_capacities(drawn, first_day),
        parameters=replace(parameters, max_distance_m=limit_m),
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
        available_from_day=first_day + rows.from_day,
        available_to_day=first_day + rows.to_day,
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
