"""What an assay measures, in the words of people: its Chinese and English name, and its unit.

An analyte is written with its unit, `cl_mg_per_kg`; the table knows it without.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from circularity.catalogue.tables import read_table

_UNIT = re.compile(r"(?P<name>.+)_(?P<unit>[a-z0-9]+_per_[a-z0-9]+|percent|pct|permille)", re.ASCII)
_SIGNS = {"percent": "%", "pct": "%", "permille": "‰"}


@dataclass(frozen=True, slots=True)
class Analyte:
    """A measured thing as it is called; one that the table does not know is called by its code."""

    code: str
    name_zh: str
    name_en: str


def analyte_of(written: str) -> Analyte:
    """Return what `cl_mg_per_kg` measures."""
    match = _UNIT.fullmatch(written)
    code = match["name"] if match else written
    return _known().get(code) or Analyte(code, code, code)


def unit_of(written: str) -> str:
    """Return the unit that `cl_mg_per_kg` is written with, mg/kg, or ""."""
    match = _UNIT.fullmatch(written)
    return _SIGNS.get(match["unit"], match["unit"].replace("_per_", "/")) if match else ""


@cache
def _known() -> Mapping[str, Analyte]:
    return {
        row["code"]: Analyte(row["code"], row["name_zh"], row["name_en"]) for row in read_table("analytes")
    }
