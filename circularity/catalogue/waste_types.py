"""Waste types: the two official lists, as of a day, and the names people use for them.

A well-formed code that the catalogue lacks is answered by its kind (`level == "kind"`, never verified),
because the lists hold hundreds of codes and only those in use are kept here; `imports` takes the rest in.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import lru_cache

from circularity.catalogue.overlay import Overlay, current_overlay
from circularity.catalogue.proposals import propose
from circularity.catalogue.tables import closest
from circularity.catalogue.waste_codes import (
    EVERYTHING,
    MalformedCode,
    has_code_form,
    has_kind_form,
    is_hazardous,
    kind_of,
    spell,
)
from circularity.catalogue.waste_lists import WasteType, current_lists, lists_with

__all__ = [
    "MalformedCode",
    "WasteType",
    "all_types",
    "find",
    "is_hazardous",
    "parse_code",
    "parse_pattern",
    "pattern_covers",
    "propose",
]


def parse_code(text: str) -> str:
    """Return the canonical full code of `text`; numbers of older editions become today's.

    Raises MalformedCode for anything but a well-formed code of a kind that exists.
    """
    return _parse_code(text, current_overlay())


def parse_pattern(text: str) -> str:
    """Return the canonical pattern: a full code, a kind (`HW34`, `SW06`) or `*`; raises MalformedCode."""
    pattern = spell(text)
    if pattern == EVERYTHING:
        return pattern
    if has_kind_form(pattern):
        if pattern not in current_lists().kinds:
            raise MalformedCode(text)
        return pattern
    return parse_code(text)


def pattern_covers(pattern: str, code: str) -> bool:
    """Return whether a canonical pattern covers a canonical code."""
    return pattern in (EVERYTHING, code, kind_of(code))


def find(code: str, on: date) -> WasteType:
    """Return what the lists say of `code` on that day, at kind level where they lack it.

    A day outside every edition kept here is answered by the nearest edition, never as verified.
    Raises MalformedCode for malformed codes and kinds that do not exist.
    """
    canonical = parse_code(code)
    lists = current_lists()
    own = closest(lists.codes.get(canonical, ()), on)
    if own is not None:
        return own if own.holds(on) else replace(own, verified=False)
    kind = closest(lists.kinds[kind_of(canonical)], on)
    if kind is None:
        raise MalformedCode(code)
    return replace(kind, code=canonical, verified=False)


def all_types(on: date) -> list[WasteType]:
    """Return every kind and every code of the lists in force on that day, ordered by code."""
    lists = current_lists()
    tables = (*lists.kinds.values(), *lists.codes.values())
    return sorted((row for rows in tables for row in rows if row.holds(on)), key=lambda row: row.code)


@lru_cache(maxsize=65_536)
def _parse_code(text: str, overlay: Overlay | None) -> str:
    lists = lists_with(overlay)
    code = spell(text)
    code = lists.legacy.get(code, code)
    if not has_code_form(code) or kind_of(code) not in lists.kinds:
        raise MalformedCode(text)
    return code
