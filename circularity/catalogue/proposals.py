"""Which wastes a name may mean: a proposal for its user to confirm, never a classification."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from circularity.catalogue.overlay import Overlay, current_overlay
from circularity.catalogue.waste_codes import has_code_form
from circularity.catalogue.waste_lists import Lists, WasteType, current_lists, lists_with

_NOT_A_LETTER = re.compile(r"[\W_]+")
_SAME = 1000
_INSIDE = 500
_ALIKE = 250
_ENOUGH_ALIKE = 0.5


def propose(name: str, on: date | None = None) -> list[WasteType]:
    """Return the wastes that `name` (Chinese or English) may mean, best first; empty where nothing is near.

    Names are compared without spaces, punctuation and case: the same name goes before one that contains
    or is contained in another (the longer the better), that before one with many letters in common. Full
    codes go before kinds, which stand for "a code of this kind, which one must be looked up".
    `on` picks the edition; None = the newest.
    """
    wanted = _plain(name)
    if len(wanted) < 2:
        return []
    lists = current_lists()
    best: dict[str, int] = {}
    for known, code in _names(current_overlay()):
        score = _score(wanted, known)
        if score > best.get(code, 0):
            best[code] = score
    order = sorted(best, key=lambda code: (-best[code], not has_code_form(code), code))
    return [found for code in order if (found := _edition(lists, code, on)) is not None]


def _score(wanted: str, known: str) -> int:
    """Return how near two plain names are, 0 = not at all."""
    if wanted == known:
        return _SAME
    if known in wanted:
        return _INSIDE + min(len(known), 200)
    if wanted in known:
        return _INSIDE - min(len(known) - len(wanted), 200)
    ours, theirs = _pairs(wanted), _pairs(known)
    alike = 2 * len(ours & theirs) / (len(ours) + len(theirs))
    return int(_ALIKE * alike) if alike >= _ENOUGH_ALIKE else 0


def _edition(lists: Lists, code: str, on: date | None) -> WasteType | None:
    """Return the code's row of that day, or its newest one."""
    rows = lists.codes.get(code) or lists.kinds.get(code, ())
    held = [row for row in rows if (row.holds(on) if on else row.valid_to is None)]
    return held[-1] if held else None


def _plain(text: str) -> str:
    return _NOT_A_LETTER.sub("", unicodedata.normalize("NFKC", text)).lower()


def _pairs(text: str) -> frozenset[str]:
    """Return the pairs of neighbouring letters."""
    return frozenset(text[i : i + 2] for i in range(len(text) - 1))


@lru_cache(maxsize=4)
def _names(overlay: Overlay | None) -> tuple[tuple[str, str], ...]:
    """Return every plain name with its code."""
    return tuple(
        dict.fromkeys(
            (plain, code) for name, code in _all_names(lists_with(overlay)) if len(plain := _plain(name)) >= 2
        )
    )


def _all_names(lists: Lists) -> Iterator[tuple[str, str]]:
    for table in (lists.codes, lists.kinds):
        for code, rows in table.items():
            for row in rows:
                yield row.name_zh, code
                yield row.name_en, code
    for code, aliases in lists.aliases.items():
        for alias in aliases:
            yield alias, code
