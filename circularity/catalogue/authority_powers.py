"""What authorities may do: each power by region, kind and level, with its source, as dated data.

A rule of a region goes before the nation's (`00`), as with procedures. Rows that no document states are the
platform's own settings, with confidence L.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from circularity.catalogue.tables import Dated, provenance, read_table, split_list

NATION = "00"
BOUND_TO = ("origin", "destination", "place")


class UnknownPower(ValueError):
    """No row of the catalogue knows this power."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityPower(Dated):
    """One power: who has it where.

    `region` is a prefix of two or four digits, 00 = nation. `bound_to` says which place of the matter must
    lie in the authority's region: where the waste comes from, where it goes, or either (`place`). `wastes`
    are the kinds it is limited to, none = all.
    """

    power: str
    region: str
    kinds: tuple[str, ...]
    levels: tuple[str, ...]
    bound_to: str
    wastes: tuple[str, ...]
    note_zh: str
    note_en: str


def powers(name: str, place: str, on: date) -> tuple[AuthorityPower, ...]:
    """Return the rows in force for a place (region code, "" = nowhere in particular), the nearest region's.

    A day on which no row holds has none: a power that is not in force is no power.
    Raises UnknownPower for a name of no row.
    """
    named = [row for row in _powers() if row.power == name]
    if not named:
        raise UnknownPower(f"not a power: {name!r}")
    for region in (place[:4], place[:2], NATION):
        found = tuple(row for row in named if row.region == region and row.holds(on))
        if found:
            return found
    return ()


def all_powers() -> tuple[AuthorityPower, ...]:
    """Return every row, as the file holds them."""
    return _powers()


@cache
def _powers() -> tuple[AuthorityPower, ...]:
    return tuple(
        AuthorityPower(
            power=row["power"],
            region=row["region"],
            kinds=split_list(row["kinds"]),
            levels=split_list(row["levels"]),
            bound_to=row["bound_to"],
            wastes=split_list(row["wastes"]),
            note_zh=row["note_zh"],
            note_en=row["note_en"],
            **provenance(row),
        )
        for row in read_table("authority_powers")
    )
