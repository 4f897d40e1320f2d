"""What people leave out and a reader can offer: ids by row number, codes from names, points from regions.

Nothing here is decided for anybody: each offer is a note, and a proposed code asks for confirmation.
"""

from __future__ import annotations

from functools import cache

from circularity.catalogue import regions
from circularity.catalogue.proposals import propose
from circularity.catalogue.waste_types import WasteType
from matching.case_notes import Notes
from matching.case_problems import Problems
from matching.case_tables import TextTable

_NUMBERED = {"outputs": "output_id", "facilities": "facility_id", "capacities": "capacity_id"}

SIGNS_OF_HAZARD = (
    *("含油", "油泥", "浮油", "含铬", "铬渣", "含铅", "含汞", "含砷", "含镉", "含镍", "含铜", "含锌", "含氰"),
    *("重金属", "危废", "危险", "有毒", "沾染", "感染"),
)


def fill_gaps(tables: dict[str, TextTable], problems: Problems, notes: Notes) -> None:
    """Fill ids, codes and points that are absent from the tables, in place; says so in notes."""
    for name, table in tables.items():
        if name in _NUMBERED:
            _number_rows(table, _NUMBERED[name], notes)
        if name == "outputs":
            _propose_codes(table, problems, notes)
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


def _propose_codes(table: TextTable, problems: Problems, notes: Notes) -> None:
    names = table.columns.pop("waste_name", None)
    if names is None:
        return
    codes = table.columns.setdefault("waste_code", [""] * len(names))
    shown = table.label("waste_code")
    for index, name in enumerate(names):
        if codes[index].strip() or not name.strip():
            continue
        code, label = _proposal(name.strip())
        if code:
            codes[index] = code
            value = f"{code} {label}"
            notes.add("code_proposed", table.file, table.rows[index], shown, found=name.strip(), value=value)
        else:
            hint = f" ({label})" if label else ""
            table.reported.add(("waste_code", index))
            problems.add("code_not_proposed", table.file, table.rows[index], shown, name, hint=hint)


@cache
def _proposal(name: str) -> tuple[str, str]:
    """Return the code proposed for a name with what it means; no code where only a hazardous kind is clear.

    A name with a sign of hazard is never proposed as general waste: that is for its sender to say.
    Every general kind has an official 900-099 code for "other"; hazardous kinds have none.
    """
    offers = propose(name)
    if not offers:
        return "", ""
    best = offers[0]
    if not best.hazardous and name != best.name_zh and any(mark in name for mark in SIGNS_OF_HAZARD):
        return "", "可能属危险废物 may be hazardous waste"
    if best.level == "kind":
        same = [offer for offer in offers if offer.kind == best.kind and offer.level == "code"]
        if same:
            best = same[0]
        elif best.hazardous:
            return "", _named(best)
        else:
            return f"900-099-S{best.kind[-2:]}", best.name_zh
    return best.code, best.name_zh


def _named(waste: WasteType) -> str:
    return f"{waste.code} {waste.name_zh}?"


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
