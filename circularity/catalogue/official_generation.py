"""What official statistics say was generated: the last figure known of a region, often only a range."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from circularity.catalogue.tables import Dated, provenance, read_table
from circularity.units import KG_PER_T


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialGeneration(Dated):
    """Mass generated in a year, kg, between two bounds that agree where the figure itself is known.

    `scope` is general (industrial solid waste) or bulk; `region_code` has six digits. A row of several years
    says what each of them lay between.
    """

    region_code: str
    scope: str
    year_from: int
    year_to: int
    generated_from_kg: int
    generated_to_kg: int
    document_zh: str
    document_en: str


def last_known(scope: str, region_code: str, year: int) -> OfficialGeneration | None:
    """Return the newest row up to a year, None where none is known; "31" stands for its six digits."""
    code = region_code.strip().ljust(6, "0")
    rows = (row for row in _rows() if (row.scope, row.region_code) == (scope, code) and row.year_from <= year)
    return max(rows, key=lambda row: row.year_to, default=None)


@cache
def _rows() -> tuple[OfficialGeneration, ...]:
    return tuple(
        OfficialGeneration(
            region_code=row["region_code"],
            scope=row["scope"],
            year_from=int(row["year_from"]),
            year_to=int(row["year_to"]),
            generated_from_kg=int(row["generated_from_t"]) * KG_PER_T,
            generated_to_kg=int(row["generated_to_t"]) * KG_PER_T,
            document_zh=row["document_zh"],
            document_en=row["document_en"],
            **provenance(row),
        )
        for row in read_table("official_generation")
    )
