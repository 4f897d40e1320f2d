"""What the form of a procedure asks for, by region of origin: its fields, and where the platform knows them.

No official form was found for any of them: the fields follow the papers that the rules name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from circularity.catalogue.tables import Dated, closest, provenance, read_table

NATION = "00"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureField(Dated):
    """One field of one kind of procedure; `known_from` names the fact that fills it, "" = who files types it.

    `province` is a prefix of two or four digits, 00 = everywhere; a place adds fields to those of the nation.
    """

    kind: str
    province: str
    section_zh: str
    section_en: str
    field: str
    name_zh: str
    name_en: str
    known_from: str


def fields_of(kind: str, origin_region: str, on: date) -> tuple[ProcedureField, ...]:
    """Return the fields of a procedure for waste leaving a place: the nation's, then the place's own.

    Sections stay together in the order in which they first come. A row in force goes before one that is not.
    """
    places = (NATION, origin_region[:2], origin_region[:4])
    rows = [row for row in all_fields() if row.kind == kind and row.province in places]
    names = dict.fromkeys((row.section_en, row.field) for row in rows)
    found = [
        row
        for section, field in names
        if (row := closest((each for each in rows if (each.section_en, each.field) == (section, field)), on))
    ]
    sections = list(dict.fromkeys(row.section_en for row in found))
    return tuple(sorted(found, key=lambda row: sections.index(row.section_en)))


@cache
def all_fields() -> tuple[ProcedureField, ...]:
    """Return every row, as the file holds them."""
    names = ("kind", "province", "section_zh", "section_en", "field", "name_zh", "name_en", "known_from")
    return tuple(
        ProcedureField(**{name: row[name] for name in names}, **provenance(row))
        for row in read_table("procedure_fields")
    )
