"""Single cells as people write them -> texts that the strict reader takes, with a note on every liberty."""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from matching.case_format.friendly_headers import MASS_UNITS
from matching.case_format.friendly_places import region_named, told
from matching.case_format.kinds import NUMBERS
from matching.case_format.sources import cell_text

_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?(?:e[+-]?\d{1,3})?", re.ASCII)
_NUMBER_WITH_UNIT = re.compile(r"([+-]?[\d.,]+)\s*(万吨|吨|千克|公斤|kg|t)", re.ASCII)
_DAY = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})(?:\s*[-/.月]\s*(\d{1,2})\s*日?|月)?(?:[ t][\d:.]+)?", re.ASCII
)
_WHOLE_DAY = re.compile(r"\d{8}|\d{4}\D+\d{1,2}\D+\d{1,2}\D*", re.ASCII)
_DIGITS_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_RANGE = re.compile(r"\s*(?:至|到|~|〜|—+|--|–)\s*")
_CODE = re.compile(r"(?<![\d-])\d{3}-\d{3}-S?\d{2}(?!\d)", re.ASCII | re.IGNORECASE)
_EXCEL_EPOCH = date(1899, 12, 30)
_NOISE = Decimal("1e-12")
"""Relative size below which a difference is what binary floats leave behind, not somebody's precision."""

_BLANK_MARKS = frozenset({"/", "-", "--", "—", "——", "\\", "无", "空"})

_PLAIN = re.compile(r"-?\d{1,12}(?:\.\d{1,7})?", re.ASCII)
"""What the strict reader takes in any column of numbers: most cells, which need no second look."""

Said = tuple[str, dict[str, Any]]

Say = Callable[..., None]
"""Takes a note's rule and its facts."""


@dataclass(frozen=True)
class Words:
    """How one column's cells are turned: their unit as a factor, and whether a period's end is meant."""

    kind: str
    factor: Decimal = Decimal(1)
    ends: bool = False


def plain(value: Any) -> str:
    """Return a cell as text with full-width characters made plain and outer blanks gone."""
    return unicodedata.normalize("NFKC", cell_text(value)).strip()


class Translator:
    """Turns the cells of one column; remembers what it said about a cell that it has seen before."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self._numeric = words.kind in NUMBERS
        self._plain = self._numeric and words.factor == 1
        self._verbatim = not self._numeric and words.kind not in _TURNS
        self._known: dict[Any, tuple[str, list[Said]]] = {}

    def turn(self, value: Any) -> tuple[str, Sequence[Said]]:
        """Return the strict text of a cell and the notes on it, as pairs of a rule and its facts."""
        text = value if type(value) is str else cell_text(value)
        if self._verbatim or not text or (self._plain and _PLAIN.fullmatch(text)):
            return text, ()
        key = (type(value), value)
        known = self._known.get(key)
        if known is None:
            said: list[Said] = []
            known = translate(value, self.words, lambda rule, **facts: said.append((rule, facts))), said
            if not self._numeric:
                self._known[key] = known
        return known


def translate(value: Any, words: Words, say: Say) -> str:
    """Return the strict text of one cell; what is not understood stays as it is, for the reader to report."""
    if value is None or value == "":
        return ""
    turn = _number if words.kind in NUMBERS else _TURNS.get(words.kind)
    if turn is None:
        return cell_text(value)
    if value in _BLANK_MARKS:
        say("blank_mark", found=value)
        return ""
    return turn(value, words, say)


def _number(value: Any, words: Words, say: Say) -> str:
    text = plain(value).lower()
    factor = words.factor
    with_unit = _NUMBER_WITH_UNIT.fullmatch(text) if words.kind == "mass" else None
    if with_unit:
        text, factor = with_unit[1], MASS_UNITS[with_unit[2]]
    if not text or not _NUMBER.fullmatch(text) or not any(map(str.isdigit, text)) or len(text) > 40:
        return cell_text(value)
    if with_unit or text != cell_text(value).strip().lower():
        say("number_cleaned")
    if factor == 1 and "," not in text and "e" not in text and len(text) < 12:
        return text
    number = Decimal(text.replace(",", ""))
    if abs(number.adjusted()) > 20:
        return text
    return _without_noise(number * factor, words.kind, say)


def _without_noise(number: Decimal, kind: str, say: Say) -> str:
    """Return the number in plain decimals, float noise (and coordinates below a centimetre) rounded off."""
    step = Decimal(1) / NUMBERS[kind].scale
    rounded = number.quantize(step, ROUND_HALF_EVEN)
    if rounded == number:
        return format(number, "f")
    if kind in {"latitude", "longitude"}:
        say("coordinate_rounded")
        return format(rounded, "f")
    if abs(rounded - number) <= _NOISE * max(abs(number), Decimal(1)):
        say("float_noise")
        return format(rounded, "f")
    return format(number, "f")


def _day(value: Any, words: Words, say: Say) -> str:
    ends = words.ends
    if isinstance(value, int | float) and not isinstance(value, bool) and 20_000 <= value <= 80_000:
        read = (_EXCEL_EPOCH + timedelta(days=int(value))).isoformat()
        say("date_read", found=cell_text(value), value=read)
        return read
    text = plain(value).lower()
    # The number 2026.1 may have been October before a spreadsheet dropped its zero.
    if isinstance(value, float) or (len(text) == 10 and text[4] == text[7] == "-"):
        return text
    parts = _RANGE.split(text)
    read_day = _one_day(parts[-1] if ends else parts[0], ends)
    if read_day is None or len(parts) > 2:
        return cell_text(value)
    if len(parts) == 1 and _WHOLE_DAY.fullmatch(text):
        say("dates_read")
    else:
        say("date_read", found=text, value=read_day.isoformat())
    return read_day.isoformat()


def _one_day(text: str, ends: bool) -> date | None:
    """Return the day of 2026年1月31日, 2026/1/31, 20260131; of a month alone its first or last day."""
    match = _DIGITS_DAY.fullmatch(text) or _DAY.fullmatch(text)
    if match is None:
        return None
    year, month = int(match[1]), int(match[2])
    if not (1 <= month <= 12 and year):
        return None
    length = calendar.monthrange(year, month)[1]
    day = int(match[3]) if match[3] else (length if ends else 1)
    return date(year, month, day) if 1 <= day <= length else None


def _code(value: Any, _: Words, say: Say) -> str:
    text = plain(value)
    found = _CODE.findall(text)
    if len(set(found)) == 1 and found[0] != text:
        say("code_extracted", found=text, value=found[0])
        return str(found[0])
    return text


def _region(value: Any, _: Words, say: Say) -> str:
    text = plain(value)
    if not text or text.isdigit():
        return text
    code = region_named(text)
    if not code:
        return text
    say("region_read", found=text, value=told(code))
    return code


def _list(value: Any, _: Words, __: Say) -> str:
    return re.sub(r"[;；、，,]", ";", cell_text(value))


_TURNS: Mapping[str, Callable[[Any, Words, Say], str]] = {
    "day": _day,
    "code": _code,
    "region": _region,
    "operations": _list,
    "regions": _list,
}
