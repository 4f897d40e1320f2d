"""Rows of the registry as the tables of a case: None becomes MISSING, days ordinals, sets `;`-lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from circularity.units import MISSING, IntArray
from matching.case_tables import Capacities, Facilities, Outputs, TextArray
from matching.pairs.annual_caps import OPEN_YEARS, Share
from matching.pairs.held_procedures import Listed

Rows = Sequence[Any]


def output_table(rows: Rows, assays: Mapping[str, IntArray]) -> Outputs:
    """Return the outputs of a case; ids and organisations are public ids."""
    return Outputs(
        output_id=texts(row.public_id for row in rows),
        organisation=texts(row.organisation for row in rows),
        **_places(rows),
        waste_code=texts(row.waste_code for row in rows),
        mass_kg=_numbers(rows, "mass_kg"),
        available_from_day=_days(row.available_from for row in rows),
        available_to_day=_days(row.available_to for row in rows),
        allowed_operations=texts(";".join(row.allowed_operations) for row in rows),
        max_distance_m=_numbers(rows, "max_distance_m"),
        max_net_cost_ucny_per_kg=_numbers(rows, "max_net_cost_ucny_per_kg"),
        min_lot_kg=_numbers(rows, "min_lot_kg"),
        price_ucny_per_kg=_numbers(rows, "price_ucny_per_kg"),
        storage_since_day=_days(row.storage_since for row in rows),
        status=texts(row.status for row in rows),
        plan_mass_kg=_numbers(rows, "plan_mass_kg"),
        assays=assays,
    )


def facility_table(rows: Rows) -> Facilities:
    """Return the facilities of a case from one window's row of each."""
    return Facilities(
        facility_id=texts(row.facility for row in rows),
        organisation=texts(row.organisation for row in rows),
        **_places(rows),
        standing=texts(row.standing for row in rows),
    )


def capacity_table(
    rows: Rows,
    facility: Mapping[str, int],
    open_to: Mapping[int, set[str]],
    listed: Listed,
    limits: tuple[Mapping[str, IntArray], Mapping[str, IntArray]],
) -> Capacities:
    """Return the capacities of a case; `facility` is the row of each facility by its public id.

    A window starts no earlier than its entitlement does.
    """
    places = range(len(rows))
    return Capacities(
        capacity_id=texts(row.public_id for row in rows),
        facility=np.array([facility[row.facility] for row in rows], dtype=np.int64),
        entitlement_kind=texts(row.kind for row in rows),
        licence_no=texts(row.number for row in rows),
        licence_valid_to_day=_days(row.valid_to for row in rows),
        waste_pattern=texts(row.waste_pattern for row in rows),
        operation=texts(row.operation for row in rows),
        capacity_kg=_numbers(rows, "offered_kg"),
        available_from_day=np.maximum(
            _days(row.available_from for row in rows), _days(row.valid_from for row in rows)
        ),
        available_to_day=_days(row.available_to for row in rows),
        gate_fee_ucny_per_kg=_numbers(rows, "gate_fee_ucny_per_kg"),
        accepts_from=texts(";".join(sorted(open_to.get(k, ()))) for k in places),
        whitelist_from=texts(";".join(sorted(listed.origins.get(k, ()))) for k in places),
        ship_within_days=np.array([listed.ship_within_days.get(k, MISSING) for k in places], dtype=np.int64),
        senders=texts(";".join(row.senders) for row in rows),
        max_distance_m=_numbers(rows, "max_distance_m"),
        limits_min=limits[0],
        limits_max=limits[1],
    )


def shares(
    rows: Rows, capacity: Mapping[int, int], year: int, groups: Mapping[str, tuple[tuple[str, int], ...]]
) -> list[Share]:
    """Return every window's share of the limits of a year and the years after it.

    `capacity` is the row of those in the case, `groups` the limits that a line (public id) shares. What a
    window that ended in an earlier year took is no longer a matter of any limit; of a window that began in
    one, all that it took is counted in this year.
    """
    return [
        Share(
            capacity=capacity.get(row.id),
            years=(
                year if row.available_from is None else max(row.available_from.year, year),
                OPEN_YEARS[1] if row.available_to is None else row.available_to.year,
            ),
            taken_kg=row.received_kg + row.committed_kg,
            offered_kg=row.offered_kg,
            subjects=(row.line, row.entitlement, row.facility),
            limits_kg=(row.line_limit_kg, row.entitlement_limit_kg, row.facility_limit_kg),
            groups=groups.get(row.line, ()),
        )
        for row in rows
        if row.available_to is None or row.available_to.year >= year
    ]


def spread(values: Iterable[tuple[int, str, int | None]], length: int) -> dict[str, IntArray]:
    """Return one column per analyte from (row, analyte, millionths), MISSING where nothing is said."""
    columns: dict[str, IntArray] = {}
    by_analyte: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for place, analyte, value in values:
        if value is not None:
            places, stated = by_analyte[analyte]
            places.append(place)
            stated.append(value)
    for analyte, (places, stated) in by_analyte.items():
        columns[analyte] = np.full(length, MISSING, dtype=np.int64)
        columns[analyte][places] = stated
    return columns


def texts(values: Iterable[str]) -> TextArray:
    """Return a column of texts."""
    return np.array(list(values), dtype=np.str_)


def day(value: date | None) -> int:
    """Return a day as its ordinal, None as MISSING."""
    return MISSING if value is None else value.toordinal()


def number(value: int | None) -> int:
    """Return a whole number, None as MISSING."""
    return MISSING if value is None else value


def _numbers(rows: Rows, name: str) -> IntArray:
    return np.array([number(getattr(row, name)) for row in rows], dtype=np.int64)


def _days(values: Iterable[date | None]) -> IntArray:
    return np.array([day(value) for value in values], dtype=np.int64)


def _places(rows: Rows) -> dict[str, Any]:
    return {
        "lat_e7": _numbers(rows, "lat_e7"),
        "lon_e7": _numbers(rows, "lon_e7"),
        "region_code": texts(row.region_code for row in rows),
    }
