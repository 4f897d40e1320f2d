"""Checks over whole tables of a case: ids, references, periods, coordinates, licence columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from circularity.catalogue.waste_types import is_hazardous
from circularity.units import MISSING, IntArray
from matching.case_format.kinds import E7
from matching.case_format.tables import TypedTable

_LICENCE_COLUMNS = ("entitlement_kind", "licence_no", "licence_valid_to")


def check_period(table: TypedTable) -> None:
    """Report rows that end before they start."""
    start, end = table.columns["available_from_day"], table.columns["available_to_day"]
    for index in np.flatnonzero((start != MISSING) & (end != MISSING) & (start > end)):
        ends = table.text.columns["available_to"][index]
        table.report(int(index), "available_from", "dates_reversed", end=ends)


def check_licences(capacities: TypedTable) -> None:
    """Report missing licence columns where hazardous patterns ask for them, and nameless or endless licences.

    A hazardous pattern without any entitlement is readable: the rules say that such a pair is unlawful.
    """
    patterns = capacities.columns["waste_pattern"]
    distinct = (pattern for pattern in np.unique(patterns).tolist() if pattern not in {"", "*"})
    hazardous = [pattern for pattern in distinct if is_hazardous(pattern)]
    if not hazardous:
        return
    given = capacities.text.columns
    for name in _LICENCE_COLUMNS:
        if name not in given:
            capacities.problems.add("missing_column", capacities.text.file, None, name, name=name)
    licensed = capacities.columns["entitlement_kind"] == "hazardous_licence"
    for name in _LICENCE_COLUMNS[1:]:
        for index in np.flatnonzero(licensed & np.isin(patterns, hazardous)):
            if name in given and not given[name][index].strip():
                capacities.report(int(index), name, "missing_value")


def check_points(table: TypedTable, laned: npt.NDArray[np.bool_]) -> None:
    """Report points off the globe, at 0,0, swapped, half given, or absent without a lane (`laned`)."""
    lat, lon = table.columns["lat_e7"], table.columns["lon_e7"]
    known = (lat != MISSING) & (lon != MISSING)
    # China lies between 73 and 136 degrees east and between 3 and 54 degrees north.
    swapped = known & (lat >= 73 * E7) & (lat <= 136 * E7) & (lon >= 3 * E7) & (lon <= 54 * E7)
    beyond = known & ~swapped & (np.abs(lat) > 90 * E7)
    for index in np.flatnonzero(swapped):
        table.report(int(index), "lat", "swapped_coordinates")
    for index in np.flatnonzero(known & (lat == 0) & (lon == 0)):
        table.report(int(index), "lat", "zero_coordinates")
    for index in np.flatnonzero(beyond):
        table.report(int(index), "lat", "coordinates_out_of_range")
    cells = [table.text.columns.get(name, [""] * len(table)) for name in ("lat", "lon")]
    needed = ~known & ((lat != MISSING) | (lon != MISSING) | ~laned)
    if needed.any() and not any(any(column) for column in cells):
        # Both columns are absent: one problem says so, not one for each of 100,000 rows.
        table.problems.add("missing_coordinates", table.text.file, None, "lat")
        return
    for index in np.flatnonzero(needed):
        for name, column in zip(("lat", "lon"), cells, strict=True):
            if not column[index].strip():
                table.report(int(index), name, "missing_coordinates")


def places_of(table: TypedTable, name: str) -> dict[str, int]:
    """Return the row of each id; ids that occur twice are reported."""
    places: dict[str, int] = {}
    for index, identity in enumerate(table.columns[name].tolist()):
        if identity and identity in places:
            table.report(index, name, "duplicate_id", other=table.text.rows[places[identity]])
        else:
            places[identity] = index
    return places


def resolve(table: TypedTable, name: str, places: Mapping[str, int], rule: str) -> IntArray:
    """Return the row that each reference points to; -1 where it is empty or, under `rule`, reported."""
    found = np.full(len(table), -1, dtype=np.int64)
    for index, identity in enumerate(table.columns[name].tolist()):
        place = places.get(identity) if identity else None
        if place is not None:
            found[index] = place
        elif identity:
            table.report(index, name, rule)
    return found


def check_repeats(table: TypedTable, name: str, key: Callable[[int], Any]) -> None:
    """Report rows whose `key` another row has already."""
    first: dict[Any, int] = {}
    for index in range(len(table)):
        seen = first.setdefault(key(index), index)
        if seen != index:
            table.report(index, name, "duplicate_row", other=table.text.rows[seen])
