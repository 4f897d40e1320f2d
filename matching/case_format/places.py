"""Notes on points that are readable and probably wrong: outside the Delta, or far from their region."""

from __future__ import annotations

from functools import cache

import numpy as np

from circularity.catalogue import regions
from circularity.geography import EAST, NORTH, SOUTH, WEST
from circularity.units import MISSING, IntArray
from matching.case_format.kinds import E7
from matching.case_format.notes import Notes
from matching.case_format.tables import TypedTable
from matching.geodesic import geodesic_m

FAR_M = 150_000
"""No prefecture of the Delta reaches this far from its centre, in metres."""


def note_odd_places(table: TypedTable, notes: Notes) -> None:
    """Add a note for each point outside the Delta's box or over FAR_M from all centres of its region.

    A province counts by the centres of its prefectures: Wenzhou is 250 km from Hangzhou and in Zhejiang.
    """
    lat, lon = table.columns["lat_e7"], table.columns["lon_e7"]
    known = (lat != MISSING) & (lon != MISSING)
    inside = (lat >= SOUTH * E7) & (lat <= NORTH * E7) & (lon >= WEST * E7) & (lon <= EAST * E7)
    label = table.text.label("lat")
    for index in np.flatnonzero(known & ~inside).tolist():
        notes.add("outside_delta", table.text.file, table.text.rows[index], label)
    codes = table.columns["region_code"]
    for code in np.unique(codes[known & inside]).tolist():
        name, centres = _centres(code)
        if centres:
            rows = np.flatnonzero(known & inside & (codes == code))
            for index in rows[_nearest_m(lat[rows], lon[rows], centres) > FAR_M].tolist():
                facts = {"region": f"{code} {name}", "km": FAR_M // 1000}
                notes.add("far_from_region", table.text.file, table.text.rows[index], label, **facts)


def _nearest_m(lat: IntArray, lon: IntArray, centres: tuple[tuple[int, int], ...]) -> IntArray:
    """Return how far each point is from the nearest of the centres, in metres."""
    nearest = np.full(len(lat), MISSING, dtype=np.int64)
    for place, (north, east) in enumerate(centres):
        away = geodesic_m(lat, lon, np.full_like(lat, north), np.full_like(lon, east))
        nearest = away if not place else np.minimum(nearest, away)
    return nearest


@cache
def _centres(code: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return the nearest region known to the catalogue and all centres inside it; none outside the Delta."""
    prefix = regions.prefix_of(code)
    while len(prefix) >= 2:
        inside = [region for region in regions.all_regions() if region.code.startswith(prefix)]
        if inside:
            name = next((r.name_zh for r in inside if r.code == prefix.ljust(6, "0")), "")
            return name, tuple((round(r.lat * E7), round(r.lon * E7)) for r in inside)
        prefix = prefix[:-2]
    return "", ()
