"""What the white lists ask for: the papers of an application by kind of list, the grounds of a suspension."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from circularity.catalogue.tables import Dated, closest, provenance, read_table


class UnknownGround(ValueError):
    """No row of the catalogue has this ground."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper(Dated):
    """One paper that an application for a kind of list hands in, at the first time and or at a renewal."""

    list_kind: str
    paper: str
    first: bool
    renewal: bool
    name_zh: str
    name_en: str
    hint_zh: str
    hint_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground(Dated):
    """Why an entry is suspended; `standing` is what the facility then is, "" touches the entry only."""

    ground: str
    standing: str
    name_zh: str
    name_en: str


def papers_for(list_kind: str, on: date, *, renewal: bool = False) -> tuple[Paper, ...]:
    """Return the papers that a list asks for as of a day, in the order of the table."""
    return tuple(
        row
        for row in all_papers()
        if row.list_kind == list_kind and row.holds(on) and (row.renewal if renewal else row.first)
    )


def paper_kinds() -> tuple[str, ...]:
    """Return every kind of paper, and `other`."""
    return (*dict.fromkeys(row.paper for row in all_papers()), "other")


def ground(key: str, on: date) -> Ground:
    """Return a ground as of a day; raises UnknownGround."""
    row = closest((row for row in all_grounds() if row.ground == key), on)
    if row is None:
        raise UnknownGround(f"not a ground of suspension: {key!r}")
    return row


def ground_words() -> tuple[str, ...]:
    """Return the keys of all grounds."""
    return tuple(dict.fromkeys(row.ground for row in all_grounds()))


@cache
def all_papers() -> tuple[Paper, ...]:
    """Return every row, as the file holds them."""
    return tuple(
        Paper(
            list_kind=row["list_kind"],
            paper=row["paper"],
            first=row["first"] == "1",
            renewal=row["renewal"] == "1",
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            hint_zh=row["hint_zh"],
            hint_en=row["hint_en"],
            **provenance(row),
        )
        for row in read_table("listing_papers")
    )


@cache
def all_grounds() -> tuple[Ground, ...]:
    """Return every row, as the file holds them."""
    return tuple(
        Ground(
            ground=row["ground"],
            standing=row["standing"],
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            **provenance(row),
        )
        for row in read_table("suspension_grounds")
    )
