"""The parameters sheet -> `Parameters`: named values, each of its own kind, the caller's choices on top."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from circularity.units import MISSING
from matching.case_format.cells import read_days, read_numbers
from matching.case_format.columns import PARAMETER_ROWS, PARAMETERS
from matching.case_format.kinds import NUMBERS, Column
from matching.case_format.problems import Problems
from matching.case_format.tables import TextTable, TypedTable, read_table
from matching.parameters import Parameters

_FLAGS = {"true": True, "false": False, "1": True, "0": False}


def today() -> date:
    """Return today's date where the Delta is."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


def read_parameters(text: TextTable | None, problems: Problems, chosen: dict[str, Any]) -> Parameters:
    """Return a case's parameters; `chosen` (by field) wins over the sheet, the sheet over the defaults."""
    values: dict[str, Any] = {"as_of_day": today().toordinal()}
    if text is not None:
        table = read_table(PARAMETERS, text, problems)
        values |= _values(table)
    values |= chosen
    return Parameters(**values)


def _values(table: TypedTable) -> dict[str, Any]:
    known = {column.name: column for column in PARAMETER_ROWS}
    seen: dict[str, int] = {}
    values: dict[str, Any] = {}
    for index, name in enumerate(table.columns["name"].tolist()):
        if name in seen:
            table.report(index, "name", "duplicate_id", other=table.text.rows[seen[name]])
        elif name and name not in known:
            table.report(index, "name", "unknown_parameter")
        elif name:
            seen[name] = index
            value = _value(table, index, known[name])
            if value is not None:
                values[known[name].field] = value
    start, end = values.get("period_from_day", MISSING), values.get("period_to_day", MISSING)
    if MISSING not in (start, end) and start > end:
        ends = table.text.columns["value"][seen["period_to"]]
        table.report(seen["period_from"], "value", "dates_reversed", end=ends)
    return values


def _value(table: TypedTable, index: int, column: Column) -> Any:
    """Return the value of one parameter, None where it is reported."""
    text = str(table.columns["value"][index])

    def report(_: int, rule: str) -> None:
        table.report(index, "value", rule, decimals=3)

    if column.kind == "flag":
        if text.lower() not in _FLAGS:
            report(0, "not_a_flag")
        return _FLAGS.get(text.lower())
    numbers = (
        read_days([text], report)
        if column.kind == "day"
        else read_numbers([text], NUMBERS[column.kind], report)
    )
    return int(numbers[0]) if numbers[0] != MISSING else None


def parameter_values(parameters: Parameters) -> dict[str, int | bool]:
    """Return every parameter that is not absent, by its name in a case, as integers."""
    held = {f.name: getattr(parameters, f.name) for f in fields(parameters)}
    return {c.name: held[c.field] for c in PARAMETER_ROWS if held[c.field] != MISSING}
