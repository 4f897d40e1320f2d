"""Which row of a person's sheet is the header, and which column of a case each of its cells means.

Titles stand above the header, groups of columns may share a merged cell over it, units stand in brackets,
behind a slash or at the end. Two rows are tried together whenever the lower one fills gaps of the upper one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from matching.case_format.columns import SHEETS
from matching.case_format.kinds import Column

_SEARCHED_ROWS = 30
_BRACKETS = re.compile(r"[(\[【〔<]([^)\]】〕>]*)[)\]】〕>]")
_TITLE_UNIT = re.compile(r"(?:计量)?单位[:：]?\s*[(\[]?\s*([^\s()\[\],,;;。]{1,6})")
_FILLED_IN = re.compile(r"^[^:()]{2,8}:")
_UNIT_SUFFIX = re.compile(r"/(年|月|日|a|y|year)$")

MASS_UNITS = {
    **dict.fromkeys(("吨", "t", "ton", "tons", "tonne", "tonnes"), Decimal(1)),
    **dict.fromkeys(("万吨", "10kt"), Decimal(10_000)),
    **dict.fromkeys(("千克", "公斤", "kg"), Decimal("0.001")),
}
_DISTANCE_UNITS = {
    **dict.fromkeys(("km", "公里", "千米"), Decimal(1)),
    **dict.fromkeys(("m", "米"), Decimal("0.001")),
}
_MONEY_UNITS = {
    **dict.fromkeys(("元/吨", "元/t", "cny/t", "rmb/t", "元每吨"), Decimal(1)),
    **dict.fromkeys(("元/千克", "元/公斤", "元/kg"), Decimal(1000)),
}
UNITS = {"mass": MASS_UNITS, "distance": _DISTANCE_UNITS, "money": _MONEY_UNITS}
_ALL_UNITS = sorted({unit for units in UNITS.values() for unit in units}, key=len, reverse=True)
_FOREIGN_UNITS = frozenset(
    {"m3", "m³", "立方米", "立方", "方", "升", "l", "个", "只", "桶", "袋", "件", "车", "块", "克", "g"}
)

_WASTE_NAMES = (
    "废物名称", "固废名称", "固体废物名称", "危险废物名称", "危废名称", "一般固废名称", "废弃物名称",
)  # fmt: skip
_ADDRESSES = (
    *("产废地点", "产生地点", "产生地", "所在地", "所在地址", "详细地址", "单位地址", "企业地址", "厂址"),
    *("地址", "地点", "address", "location"),
)
WASTE_NAME = Column("waste_name", "", "text", _WASTE_NAMES)
UNIT = Column("unit", "", "text", ("计量单位",))
ADDRESS = Column("address", "", "text", _ADDRESSES)
_BESIDE = {"outputs": (WASTE_NAME, UNIT, ADDRESS), "facilities": (ADDRESS,)}
"""What people write and a case does not carry: names give codes, addresses give regions."""

_KEYS = {
    "outputs": ({"mass_t"}, {"waste_code", "waste_name"}),
    "facilities": ({"facility_id", "organisation"}, {"lat", "region_code"}),
    "capacities": ({"capacity_t"}, {"waste_pattern"}),
    "caps": ({"cap_id"}, {"limit_t"}),
    "lanes": ({"output_id"}, {"capacity_id"}),
    "proposals": ({"output_id"}, {"capacity_id"}),
    "parameters": ({"name"}, {"value"}),
}


@dataclass(frozen=True)
class Heading:
    """One header cell understood: the column it means, its text as shown, and the unit in it.

    `factor` turns the cells into the column's unit; None where the header names no unit. A unit that is no
    mass (m3, pieces) stays in `foreign`.
    """

    name: str
    shown: str
    factor: Decimal | None
    unit: str = ""
    foreign: str = ""


@dataclass(frozen=True)
class Header:
    """The header of a sheet: rows from `first` to `last` (counted from 0) and headings by column."""

    sheet: str
    first: int
    last: int
    headings: dict[int, Heading]
    shown: list[str]


def find_header(
    rows: Sequence[Sequence[str]], sheet_names: Sequence[str], *, anyway: bool = False
) -> Header | None:
    """Return the header that explains most columns of any of these sheets; None when nothing is understood.

    `anyway` takes a header that lacks what the sheet needs, so that the reader can say what is missing.
    """
    best: tuple[int, Header] | None = None
    for first, last, parents, names in _candidates(rows):
        values = rows[last + 1 : last + 6]
        for sheet in sheet_names:
            headings = _understand(sheet, parents, names, values)
            known = {heading.name for heading in headings.values()}
            enough = bool(known) if anyway else all(known & needed for needed in _KEYS[sheet])
            if enough and (best is None or len(known) > best[0]):
                shown = [_joined(parent, name) for parent, name in zip(parents, names, strict=True)]
                best = len(known), Header(sheet, first, last, headings, shown)
    return best[1] if best else None


def _candidates(rows: Sequence[Sequence[str]]) -> Iterator[tuple[int, int, list[str], list[str]]]:
    """Yield single rows as headers, and pairs of which the upper row spans groups of the lower one.

    A line of a form (填报人:王敏, 单位:吨) heads no groups: it belongs to the titles.
    """
    for first, row in enumerate(rows[:_SEARCHED_ROWS]):
        names = [_one_line(cell) for cell in row]
        if sum(map(bool, names)) < 2:
            continue
        yield first, first, [""] * len(names), names
        form = any(_FILLED_IN.match(unicodedata.normalize("NFKC", name)) for name in names)
        if first + 1 < len(rows) and not form:
            below = [_one_line(cell) for cell in rows[first + 1]]
            below += [""] * (len(names) - len(below))
            parents, group = [], ""
            for place, name in enumerate(names):
                group = name or (group if below[place] else "")
                parents.append(group)
            yield first, first + 1, parents, below[: len(names)]


def _understand(
    sheet: str, parents: Sequence[str], names: Sequence[str], values: Sequence[Sequence[str]]
) -> dict[int, Heading]:
    """Return what each column means; of two that mean the same, the earlier alias of the table wins."""
    found: dict[str, tuple[int, int, Heading]] = {}
    vague = []
    for place, (parent, name) in enumerate(zip(parents, names, strict=True)):
        match = _match(sheet, parent, name)
        if match is None:
            vague.append(place)
        elif match[1].name not in found or match[0] < found[match[1].name][0]:
            found[match[1].name] = match[0], place, match[1]
    for place in vague:
        cells = [row[place] for row in values if place < len(row)]
        meant = _vague_meaning(sheet, parents[place], names[place], cells, found.keys())
        if meant and meant not in found:
            found[meant] = 99, place, Heading(meant, _joined(parents[place], names[place]), None)
    return {place: heading for _, place, heading in found.values()}


def _match(sheet: str, parent: str, name: str) -> tuple[int, Heading] | None:
    """Return the heading of one column with the rank of its alias; None where no alias fits."""
    shown = _joined(parent, name)
    group_units = [unit for _, unit in plain_header(parent)[:1] if unit]
    for text in (parent + name, name) if name else (parent,):
        if SHEETS[sheet].column(text):
            return 0, Heading(text, shown, Decimal(1))
        for base, own_unit in plain_header(text):
            known = _aliases(sheet).get(base)
            if known is None:
                continue
            rank, column = known
            units = UNITS.get(column.kind, {})
            unit = own_unit or next((unit for unit in group_units if unit in units), "")
            if unit and unit not in units and unit not in _FOREIGN_UNITS:
                continue
            factor = Decimal(1) if base == column.name else units.get(unit)
            foreign = unit if column.kind == "mass" and unit in _FOREIGN_UNITS else ""
            return rank, Heading(column.name, shown, factor, unit, foreign)
    return None


_ENDS_OF_FIRMS = ("公司", "集团", "厂", "矿", "中心", "医院", "合作社", "电站", "水站")


def _vague_meaning(
    sheet: str, parent: str, name: str, values: Sequence[str], taken: Collection[str]
) -> str | None:
    """Return what a bare 名称 or 单位 means: by its group, the cells below, what is named already."""
    word = plain_header(name or parent)[0][0]
    if word not in {"名称", "单位", "废物", "固体废物"}:
        return None
    if sheet != "outputs":
        return "organisation" if word in {"名称", "单位"} else None
    if word == "单位":
        units = MASS_UNITS.keys() | _FOREIGN_UNITS
        measured = any(value.strip().lower() in units for value in values)
        return "unit" if measured else "organisation"
    if word == "名称" and name:
        if any(part in parent for part in ("单位", "企业", "公司")):
            return "organisation"
        firms = any(value.strip().endswith(_ENDS_OF_FIRMS) for value in values)
        if not parent and firms and "organisation" not in taken and "lat" in taken:
            return "organisation"
    return "waste_name" if "waste_name" not in taken else "organisation"


def _joined(parent: str, name: str) -> str:
    return " ".join(part for part in dict.fromkeys((parent, name)) if part)


@cache
def _aliases(sheet: str) -> dict[str, tuple[int, Column]]:
    """Return each alias with its rank and column; an alias of two columns belongs to the first."""
    columns = SHEETS[sheet].columns + _BESIDE.get(sheet, ())
    known: dict[str, tuple[int, Column]] = {}
    for column in columns:
        for rank, alias in enumerate((column.name, *column.aliases)):
            known.setdefault(alias, (rank, column))
    return known


def meaning(sheet: str, text: str) -> str | None:
    """Return the column that a header would mean if it stood alone, None where nothing is understood."""
    match = _match(sheet, "", text) if text else None
    return match[1].name if match else None


def plain_header(text: str) -> list[tuple[str, str]]:
    """Return the ways to read a header as (name, unit); brackets hold a unit or a remark."""
    plain = "".join(unicodedata.normalize("NFKC", text).lower().split()).strip("*:、.")
    inside = [_UNIT_SUFFIX.sub("", part) for part in _BRACKETS.findall(plain)]
    base = _BRACKETS.sub("", plain)
    known = [
        part for part in inside if part in _FOREIGN_UNITS or any(part in units for units in UNITS.values())
    ]
    readings = [(base, known[0] if known else "")]
    for unit in _ALL_UNITS:
        if base.endswith(unit) and len(base) > len(unit):
            readings.append((base[: -len(unit)].rstrip("/_-,:"), unit))
    return readings


def unit_of_title(rows: Sequence[Sequence[str]]) -> tuple[str, Decimal] | None:
    """Return the unit that the rows above a header state for the whole sheet (单位：万吨)."""
    for row in rows:
        for cell in row:
            for found in _TITLE_UNIT.findall(unicodedata.normalize("NFKC", cell)):
                unit = found.lower()
                if unit in MASS_UNITS:
                    return found, MASS_UNITS[unit]
    return None


def _one_line(cell: str) -> str:
    return " ".join(cell.split())
