"""What people leave out and a reader can offer: ids by row number, codes from names, points from regions.

Nothing here is decided for anybody: each offer is a note, and a proposed code asks for confirmation.
"""

from __future__ import annotations

from functools import cache

from circularity.catalogue import regions
from matching.case_format.friendly_codes import propose_codes
from matching.case_format.notes import Notes
from matching.case_format.problems import Problems
from matching.case_format.tables import TextTable

_NUMBERED = {"outputs": "output_id", "facilities": "facility_id", "capacities": "capacity_id"}


def fill_gaps(tables: dict[str, TextTable], problems: Problems, notes: Notes) -> None:
    """Fill ids, codes and points that are absent from the tables, in place; says so in notes."""
    for name, table in tables.items():
        if name in _NUMBERED:
            _number_rows(table, _NUMBERED[name], notes)
        if name == "outputs":
            propose_codes(table, problems, notes)
        if name in {"outputs", "facilities"} and "lanes" not in tables:
            _place_in_regions(table, notes)


def _number_rows(table: TextTable, name: str, notes: Notes) -> None:
    """Give each row without an id the number of its row, `R7`, as long as nobody else has it."""
    ids = table.columns.setdefault(name, [""] * len(table.rows))
    taken = set(ids)
    for index, number in enumerate(table.rows):
        if not ids[index].strip():
            offered = f"R{number}"
            while offered in taken:
                offered += "x"
            ids[index] = offered
            taken.add(offered)
            notes.add("id_numbered", table.file, number, name, value=f"R{table.rows[0]}")


def _place_in_regions(table: TextTable, notes: Notes) -> None:
    """Put rows that name a region and no point at the region's representative point."""
    codes = table.columns.get("region_code")
    if codes is None:
        return
    rows = len(table.rows)
    lat, lon = (table.columns.get(name, [""] * rows) for name in ("lat", "lon"))
    for index, code in enumerate(codes):
        if code and not lat[index].strip() and not lon[index].strip():
            point = _centre(code.strip())
            if point:
                lat[index], lon[index] = point[:2]
                notes.add("region_centre", table.file, table.rows[index], "lat", region=point[2])
    if any(lat) and any(lon):
        table.columns |= {"lat": lat, "lon": lon}


@cache
def _centre(code: str) -> tuple[str, str, str] | None:
    try:
        region = regions.get(code.ljust(6, "0"))
    except regions.UnknownRegion:
        return None
    return f"{region.lat:.7f}", f"{region.lon:.7f}", region.name_zh
