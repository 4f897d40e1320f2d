"""What single cells of a form say: tonnes, days, how a batch was kept and handled."""

from __future__ import annotations

import re
from datetime import date

from circularity.catalogue.stage_columns import columns_of
from circularity.errors import InputProblem
from circularity.forms.reading import FormRow
from circularity.ledger.handling import HANDLING, Handling
from circularity.units import NotAQuantity, parse_tonnes

_DAY = re.compile(r"(20\d\d)\D+(\d{1,2})\D+(\d{1,2})(?!\d)")
_TONNES = ("", "吨", "t", "T")


class Unreadable(Exception):
    """A row cannot be read; `problem` says why."""

    def __init__(self, problem: InputProblem) -> None:
        super().__init__(problem.en)
        self.problem = problem


def tonnes_of(row: FormRow, column: str) -> int:
    """Return a cell of tonnes in kg, 0 for an empty one; raises Unreadable, also for another unit."""
    text, unit = row.cells.get(column, ""), row.cells.get("计量单位", "")
    if unit not in _TONNES:
        zh, en = "计量单位应为吨", "the unit must be tonnes"
        raise Unreadable(row.problem("计量单位", "not_tonnes", unit, zh, en))
    try:
        return parse_tonnes(text) if text else 0
    except NotAQuantity as error:
        zh, en = f"{column} 应为吨数，最多三位小数", f"{column} must be tonnes with at most three decimals"
        raise Unreadable(row.problem(column, error.rule, text, zh, en)) from None


def day_in(row: FormRow, column: str, *, needed: bool) -> date | None:
    """Return the day that a cell begins with, None where it names none; raises Unreadable if it must."""
    text = row.cells.get(column, "")
    found = _DAY.match(text)
    try:
        if found is not None:
            return date(*map(int, found.groups()))
    except ValueError:
        pass
    if not needed:
        return None
    zh, en = f"{column} 应为日期", f"{column} must be a calendar day"
    raise Unreadable(row.problem(column, "not_a_day", text, zh, en))


def handling_in(row: FormRow, stage: str) -> Handling:
    """Return what a row of a stage tells of containers, facility and handlers; raises Unreadable."""
    columns = columns_of(stage)
    told: dict[str, str] = {}
    for fact in HANDLING:
        if fact in columns:
            told[fact] = row.cells.get(columns[fact].name_zh, "")
    count = told.pop("container_count", "")
    return Handling(**told, container_count=_count(row, columns["container_count"].name_zh, count))


def _count(row: FormRow, column: str, text: str) -> int | None:
    plain = text.removesuffix(".0")
    if not plain:
        return None
    if not (plain.isascii() and plain.isdigit() and len(plain) < 10):
        zh, en = f"{column} 应为整数", f"{column} must be a whole number"
        raise Unreadable(row.problem(column, "not_a_number", text, zh, en))
    return int(plain)
