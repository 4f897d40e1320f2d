"""Tables of text cells -> typed columns, each cell checked by its column's kind, every problem collected."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from circularity.catalogue import operations, regions, waste_types
from circularity.guarded_cells import guard_text
from circularity.units import MISSING
from matching.case_format.cells import (
    Report,
    read_by_value,
    read_days,
    read_numbers,
    read_texts,
    text_array,
)
from matching.case_format.kinds import ENTITLEMENT_KINDS, NUMBERS, Column, Sheet
from matching.case_format.problems import Problems
from matching.case_tables import STANDINGS, STATUSES

ID_LIMIT = 100
TEXT_LIMIT = 300
LIST_LIMIT = 4000

_REGION = re.compile(r"\d{2}|\d{4}|\d{6}", re.ASCII)
_SEPARATOR = ";"


@dataclass
class TextTable:
    """One sheet as texts, by known header. `rows` are spreadsheet row numbers, `labels` headers as shown.

    `reported` holds the empty cells (column, index) of which a problem says already why they are empty.
    """

    sheet: str
    file: str
    columns: dict[str, list[str]]
    rows: Sequence[int]
    labels: dict[str, str] = field(default_factory=dict)
    reported: set[tuple[str, int]] = field(default_factory=set)

    def label(self, name: str) -> str:
        """Return the header of this column as its author wrote it."""
        return self.labels.get(name, name)


@dataclass
class TypedTable:
    """One sheet as typed columns by field name, with the way back to its file for problems found later."""

    text: TextTable
    columns: dict[str, Any]
    problems: Problems

    def __len__(self) -> int:
        return len(self.text.rows)

    def report(self, index: int, column: str, rule: str, **facts: Any) -> None:
        """Add a problem at one cell, showing what stands there."""
        cells = self.text.columns.get(column)
        found = cells[index] if cells else ""
        self.problems.add(
            rule, self.text.file, self.text.rows[index], self.text.label(column), found, **facts
        )


def read_table(
    sheet: Sheet, text: TextTable, problems: Problems, optional: Collection[str] = ()
) -> TypedTable:
    """Return the typed columns of a sheet; absent columns are all MISSING or "".

    `optional` names required columns that this case can do without.
    """
    table = TypedTable(text, {}, problems)
    for target in sheet.analytes.values():
        table.columns[target] = {}
    for column in sheet.columns:
        needed = column.required and column.name not in optional
        if column.name in text.columns:
            table.columns[column.field] = _read_column(table, column)
            if needed:
                _require_values(table, column.name)
        else:
            if needed:
                problems.add("missing_column", text.file, None, column.name, name=column.name)
            table.columns[column.field] = absent(column, len(table))
    for name in text.columns:
        _read_analyte(table, sheet, name)
    return table


def absent(column: Column, rows: int) -> Any:
    """Return a column of that kind in which every value is absent."""
    if column.kind in NUMBERS or column.kind == "day":
        return np.full(rows, MISSING, dtype=np.int64)
    return np.full(rows, "waste" if column.kind == "status" else "")


def _read_analyte(table: TypedTable, sheet: Sheet, name: str) -> None:
    column = sheet.column(name)
    if column is None or column.kind != "analyte":
        return
    target, analyte = column.field.split(".", 1)
    table.columns[target][analyte] = _read_column(table, column)


def _read_column(table: TypedTable, column: Column) -> Any:
    cells = table.text.columns[column.name]
    decimals = len(str(NUMBERS[column.kind].scale)) - 1 if column.kind in NUMBERS else 0

    def report(index: int, rule: str) -> None:
        coordinate = column.kind in {"latitude", "longitude"} and rule in {"out_of_range", "too_large"}
        named = "coordinates_out_of_range" if coordinate else rule
        table.report(index, column.name, named, decimals=decimals, limit=_limit(column))

    return _read_cells(column, cells, report)


def _read_cells(column: Column, cells: Sequence[str], report: Report) -> Any:
    if not any(cells):
        return absent(column, len(cells))
    if column.kind in NUMBERS:
        return read_numbers(cells, NUMBERS[column.kind], report)
    if column.kind == "day":
        return read_days(cells, report)
    if column.kind in _PARSERS:
        rule, parse = _PARSERS[column.kind]
        texts = read_by_value(cells, parse, rule, report)
        return np.where(texts == "", "waste", texts) if column.kind == "status" else texts
    if column.kind == "names":
        texts = read_texts(cells, _limit(column), report)
        return text_array([_join(text.split(_SEPARATOR)) for text in texts.tolist()])
    return read_texts(cells, _limit(column), report)


def _limit(column: Column) -> int:
    return {"id": ID_LIMIT, "names": LIST_LIMIT}.get(column.kind, TEXT_LIMIT)


def _require_values(table: TypedTable, name: str) -> None:
    cells = table.text.columns[name]
    if all(cells):
        blank = [index for index, cell in enumerate(cells) if cell.isspace()]
    else:
        blank = [index for index, cell in enumerate(cells) if not cell.strip()]
    for index in blank:
        if (name, index) not in table.text.reported:
            table.report(index, name, "missing_value")


def reads_back(column: Column, texts: Sequence[str]) -> bool:
    """Tell whether every text, written and read as this column, stays what it is."""
    failures: list[str] = []
    distinct = sorted(set(texts))
    read = _read_cells(column, [guard_text(text) for text in distinct], lambda _, rule: failures.append(rule))
    return not failures and bool(read.tolist() == distinct)


def _one_of(choices: Collection[str]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(text)
        return text

    return parse


def _parse_region(text: str) -> str:
    if not _REGION.fullmatch(text):
        raise ValueError(text)
    regions.province_of(text)  # raises where China has no such province
    return text


def _parse_list(parse: Callable[[str], str]) -> Callable[[str], str]:
    def parse_all(text: str) -> str:
        return _join(sorted({parse(part.strip()) for part in text.split(_SEPARATOR) if part.strip()}))

    return parse_all


def _join(parts: Sequence[str]) -> str:
    return _SEPARATOR.join(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _parse_operation(text: str) -> str:
    return operations.get(text).code


_PARSERS: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "code": ("malformed_code", waste_types.parse_code),
    "pattern": ("malformed_code", waste_types.parse_pattern),
    "operation": ("unknown_operation", _parse_operation),
    "operations": ("unknown_operation", _parse_list(_parse_operation)),
    "region": ("malformed_region", _parse_region),
    "regions": ("malformed_region", _parse_list(_parse_region)),
    "entitlement": ("unknown_entitlement", _one_of(ENTITLEMENT_KINDS)),
    "standing": ("unknown_standing", _one_of(STANDINGS)),
    "status": ("unknown_status", _one_of(STATUSES)),
}
