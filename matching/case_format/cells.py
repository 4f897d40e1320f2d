"""Typed columns from the texts of cells: exact integers, days, codes; a rule code for each that fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date

import numpy as np

from circularity.guarded_cells import restore_text
from circularity.units import MISSING, IntArray, NotAQuantity, parse_scaled
from matching.case_format.kinds import NumberRule
from matching.case_tables import TextArray

Report = Callable[[int, str], None]
"""Takes the index of a cell in its column and the rule code that it breaks."""

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_DIGITS = 24
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def read_texts(cells: Sequence[str], limit: int, report: Report) -> TextArray:
    """Return texts of at most `limit` characters; a longer one is reported (it would inflate the column)."""
    texts = [restore_text(cell) for cell in cells]
    for index, text in enumerate(texts):
        if len(text) > limit:
            report(index, "too_long")
            texts[index] = ""
        elif not text.isprintable() and CONTROL.search(text):
            report(index, "control_character")
            texts[index] = ""
    return text_array(texts)


def text_array(texts: Sequence[str]) -> TextArray:
    """Return texts as a column; an empty column is a text column too."""
    return np.array(texts, dtype=np.str_) if texts else np.empty(0, dtype="<U1")


def read_by_value(cells: Sequence[str], parse: Callable[[str], str], rule: str, report: Report) -> TextArray:
    """Return each cell parsed, asking `parse` once per distinct text; its ValueError means `rule`."""
    known: dict[str, str | None] = {"": ""}
    parsed: list[str] = []
    for index, cell in enumerate(cells):
        text = cell.strip()
        if text not in known:
            try:
                known[text] = parse(text)
            except ValueError:
                known[text] = None
        value = known[text]
        if value is None:
            report(index, rule)
        parsed.append(value or "")
    return text_array(parsed)


def read_numbers(cells: Sequence[str], rule: NumberRule, report: Report) -> IntArray:
    """Return each cell times `rule.scale` as an exact integer, MISSING where empty or reported."""
    numbers = np.full(len(cells), MISSING, dtype=np.int64)
    digits = len(str(rule.scale)) - 1
    for index, cell in enumerate(cells):
        if not cell:
            continue
        whole, dot, decimals = cell.partition(".")
        # Nearly every cell is plain digits; Decimal, ten times slower, sees only the rest.
        plain = whole.isdecimal() and cell.isascii() and len(whole) < 13
        if plain and not dot:
            number = int(whole) * rule.scale
        elif plain and decimals.isdecimal() and len(decimals) <= digits:
            number = int(whole) * rule.scale + int(decimals.ljust(digits, "0"))
        else:
            number = _read_number(cell, rule, index, report)
        if number != MISSING and not rule.minimum <= number <= rule.maximum:
            report(index, _range_rule(number, rule))
            number = MISSING
        numbers[index] = number
    return numbers


def _read_number(cell: str, rule: NumberRule, index: int, report: Report) -> int:
    text = cell.strip()
    if not text:
        return MISSING
    if not _NUMBER.fullmatch(text):
        report(index, "not_a_number")
        return MISSING
    if len(text) > _DIGITS:
        # Beyond 28 digits Decimal itself would round, so nothing that long may reach it.
        report(index, "too_precise" if "." in text else "too_large")
        return MISSING
    try:
        return parse_scaled(text, rule.scale)
    except NotAQuantity as refusal:
        tiny = "e-" in text.lower()
        report(index, "too_precise" if tiny or refusal.rule == "too_precise" else "too_large")
        return MISSING


def _range_rule(number: int, rule: NumberRule) -> str:
    if number < 0 <= rule.minimum:
        return "negative"
    return "too_large" if number > rule.maximum and rule.minimum <= 0 else "out_of_range"


def read_days(cells: Sequence[str], report: Report) -> IntArray:
    """Return ISO dates as day ordinals, MISSING where empty or reported."""
    known: dict[str, int | None] = {"": MISSING}
    days = np.full(len(cells), MISSING, dtype=np.int64)
    for index, cell in enumerate(cells):
        text = cell.strip()
        if text not in known:
            known[text] = parse_day(text)
        day = known[text]
        if day is None:
            report(index, "not_a_date")
        else:
            days[index] = day
    return days


def parse_day(text: str) -> int | None:
    """Return the ordinal of an ISO date, None when it is none."""
    if not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text).toordinal()
    except ValueError:
        return None
