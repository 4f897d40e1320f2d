"""Regions of the Yangtze River Delta by their GB/T 2260 codes, each with a representative point (WGS-84)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from circularity.catalogue.tables import Dated, provenance, read_table

PROVINCES = ("31", "32", "33", "34")


class UnknownRegion(ValueError):
    """A text is no region code of the catalogue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Region(Dated):
    """One region; `level` is province, prefecture, district or county; `parent` its code, "" at the top.

    `lat`, `lon` in degrees: an urban centre or seat, for maps and defaults, never a border.
    """

    code: str
    name_zh: str
    name_en: str
    level: str
    parent: str
    lat: float
    lon: float


def get(code: str) -> Region:
    """Return the region of a six-digit code; raises UnknownRegion."""
    try:
        return _regions()[code.strip()]
    except KeyError:
        raise UnknownRegion(f"not a region of the Delta in the catalogue: {code[:20]!r}") from None


def province_of(code: str) -> str:
    """Return the two digits of the province of a region code or prefix; raises UnknownRegion.

    Any province of China is answered, because waste may come from outside the Delta.
    """
    text = code.strip()
    if not (2 <= len(text) <= 6 and text.isascii() and text.isdigit() and "11" <= text[:2] <= "82"):
        raise UnknownRegion(f"not a region code: {code[:20]!r}")
    return text[:2]


def prefix_of(code: str) -> str:
    """Return the digits that a region's code shares with all places inside it: `34` for `340000` and `34`."""
    text = code.strip()
    while len(text) > 2 and len(text) % 2 == 0 and text.endswith("00"):
        text = text[:-2]
    return text


def all_regions(level: str | None = None) -> list[Region]:
    """Return the regions (of one level), ordered by code."""
    return [region for region in _regions().values() if level is None or region.level == level]


@cache
def _regions() -> Mapping[str, Region]:
    rows = sorted(read_table("regions"), key=lambda row: row["code"])
    return {
        row["code"]: Region(
            code=row["code"],
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            level=row["level"],
            parent=row["parent"],
            lat=float(row["lat"]),
            lon=float(row["lon"]),
            **provenance(row),
        )
        for row in rows
    }
