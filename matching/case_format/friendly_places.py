"""Where people say that something lies: regions by name, also inside an address, and a point for a region."""

from __future__ import annotations

import re
from functools import cache

from circularity.catalogue import regions
from matching.case_format.notes import Notes
from matching.case_format.tables import TextTable

_NO_STREET = r"(?![东西南北中]?[路街]|大道)"
"""Cities give streets their names: 南京东路 lies in Shanghai."""


def region_named(text: str) -> str:
    """Return the code of the smallest region that a name or an address names; "" where it names none.

    Read from the large to the small, for districts of two cities share a name (普陀区), and what stands
    behind the district no longer says where it is.
    """
    place, code = "".join(text.split()), ""
    while True:
        within = [
            (found.start(), -len(found[0]), region)
            for pattern, region in _region_names()
            if region != code and region.startswith(regions.prefix_of(code) if code else "")
            if (found := pattern.search(place))
        ]
        if not within:
            return code
        code = min(within)[2]


def told(code: str) -> str:
    """Return a region's code with its name, as a note says it."""
    return f"{code} {regions.get(code).name_zh}"


@cache
def _region_names() -> list[tuple[re.Pattern[str], str]]:
    """Return patterns of every region's name, in full and short."""
    names = []
    for region in regions.all_regions():
        full = re.escape(region.name_zh)
        short = re.escape(region.name_zh.rstrip("省市区县"))
        names.append((re.compile(f"{full}|{short}{_NO_STREET}"), region.code))
    return names


def read_addresses(table: TextTable, notes: Notes) -> None:
    """Give rows without a region the one that their address names, in place; the addresses are dropped."""
    shown = table.label("address")
    addresses = table.columns.pop("address", None)
    if addresses is None:
        return
    codes = table.columns.setdefault("region_code", [""] * len(addresses))
    for index, address in enumerate(addresses):
        if not codes[index].strip() and address.strip():
            code = region_named(address)
            rule = "region_read" if code else "address_unread"
            facts = {"found": address.strip(), "value": code and told(code)}
            notes.add(rule, table.file, table.rows[index], shown, **facts)
            codes[index] = code


def place_in_regions(table: TextTable, notes: Notes) -> None:
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
