"""Writing a case so that `read_case` reads it back to the identical digest and no spreadsheet runs its texts.

In CSV a text that a spreadsheet would take for a formula gets an apostrophe in front (`guard_text`), which
the reader takes away again; in XLSX texts are written as texts and numbers as numbers.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xlsxwriter

from circularity.guarded_cells import guard_text, restore_text
from circularity.units import MISSING, format_date, format_scaled
from matching.case import Case
from matching.case_format.columns import PARAMETER_ROWS, SHEETS
from matching.case_format.kinds import NUMBERS, Column
from matching.case_format.parameters import parameter_values
from matching.case_format.tables import reads_back
from matching.case_tables import Lanes, Outputs, Proposals
from matching.parameters import InvalidCase

_EXACT_DIGITS = 15
"""A float holds every decimal number of so many digits exactly enough to print it again."""


@dataclass(frozen=True)
class WrittenSheet:
    """One sheet ready to be written: rows of texts below a header; `numeric` columns hold plain numbers."""

    name: str
    header: list[str]
    numeric: list[bool]
    rows: list[tuple[str, ...]]


def write_case(case: Case, path: Path) -> None:
    """Write the case as one XLSX (suffix .xlsx, replaced if it exists) or as a new folder of CSV files.

    Raises InvalidCase for a text that would not be read back as it is, FileExistsError for a full folder.
    Nothing is left half written: files appear under their names only when all of them are complete.
    """
    sheets = list(_sheets(case))
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() == ".xlsx":
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            book = Path(folder, "case.xlsx")
            _write_xlsx(sheets, book)
            os.replace(book, path)
        return
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise FileExistsError(f"{path} is there already and not empty")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        target = Path(folder, "case")
        target.mkdir()
        for sheet in sheets:
            _write_csv(sheet, target / f"{sheet.name}.csv")
        if path.exists():
            path.rmdir()
        os.replace(target, path)


def write_outputs(outputs: Outputs, folder: Path) -> None:
    """Write outputs alone as the CSV of a case into a folder that is there; `read_outputs` reads it back."""
    _write_csv(_table("outputs", vars(outputs)), folder / "outputs.csv")


def _sheets(case: Case) -> Iterator[WrittenSheet]:
    capacities = {
        **vars(case.capacities),
        "facility_id": case.facilities.facility_id[case.capacities.facility],
    }
    yield _table("outputs", vars(case.outputs))
    yield _table("facilities", vars(case.facilities))
    yield _table("capacities", capacities)
    if case.caps:
        yield _table("caps", _cap_columns(case))
    if case.lanes.output.size or case.parameters.only_lanes:
        yield _table("lanes", _pair_columns(case, case.lanes))
    if case.proposals.output.size:
        yield _table("proposals", _pair_columns(case, case.proposals))
    yield _parameters(case)


def _pair_columns(case: Case, table: Lanes | Proposals) -> dict[str, Any]:
    columns = dict(vars(table))
    columns["output_id"] = case.outputs.output_id[columns.pop("output")]
    columns["capacity_id"] = case.capacities.capacity_id[columns.pop("capacity")]
    return columns


def _cap_columns(case: Case) -> dict[str, Any]:
    rows = [(cap, member) for cap in case.caps for member in cap.members]
    return {
        "cap_id": np.array([cap.cap_id for cap, _ in rows]),
        "capacity_id": case.capacities.capacity_id[[member for _, member in rows]],
        "limit_kg": np.array([cap.limit_kg for cap, _ in rows], dtype=np.int64),
        "origin_region": np.array([cap.origin_region for cap, _ in rows]),
    }


def _parameters(case: Case) -> WrittenSheet:
    kinds = {column.name: column for column in PARAMETER_ROWS}
    rows: list[tuple[str, ...]]
    rows = [(name, _number(kinds[name], value)) for name, value in parameter_values(case.parameters).items()]
    return WrittenSheet("parameters", ["name", "value"], [False, False], rows)


def _table(name: str, columns: dict[str, Any]) -> WrittenSheet:
    """Return the sheet with the columns that a case needs or that hold anything."""
    sheet = SHEETS[name]
    shown: list[tuple[Column, list[str]]] = []
    for column in sheet.columns:
        texts = _texts(column, columns[column.field])
        if column.required or any(texts) or _belongs_to_a_licence(column, columns):
            shown.append((column, texts))
    for prefix, target in sheet.analytes.items():
        for analyte, values in columns[target].items():
            shown.append((Column(f"{prefix}{analyte}", target, "analyte"), _texts(_ANALYTE, values)))
    return WrittenSheet(
        name,
        [column.name for column, _ in shown],
        [column.kind in NUMBERS for column, _ in shown],
        list(zip(*(texts for _, texts in shown), strict=True)),
    )


_ANALYTE = Column("", "", "analyte")


def _belongs_to_a_licence(column: Column, columns: dict[str, Any]) -> bool:
    """Hazardous patterns ask for these columns even where every cell is empty."""
    return "licence_no" in columns and column.name in {"entitlement_kind", "licence_no", "licence_valid_to"}


def _texts(column: Column, values: Any) -> list[str]:
    if column.kind in NUMBERS or column.kind == "day":
        return [_number(column, value) for value in values.tolist()]
    texts: list[str] = values.tolist()
    if not reads_back(column, texts):
        raise InvalidCase(f"{column.name} holds a text that a case file cannot carry")
    return texts


def _number(column: Column, value: int | bool) -> str:
    if column.kind == "flag":
        return "true" if value else "false"
    if column.kind == "day":
        return format_date(value)
    return "" if value == MISSING else format_scaled(value, NUMBERS[column.kind].scale)


def _write_csv(sheet: WrittenSheet, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(sheet.header)
        for row in sheet.rows:
            writer.writerow(_guarded(row, sheet.numeric))


def _guarded(row: Sequence[str], numeric: Sequence[bool]) -> list[str]:
    return [cell if plain else guard_text(cell) for cell, plain in zip(row, numeric, strict=True)]


def _write_xlsx(sheets: Sequence[WrittenSheet], path: Path) -> None:
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        bold = book.add_format({"bold": True})
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            page.freeze_panes(1, 0)
            for place, name in enumerate(sheet.header):
                page.write_string(0, place, name, bold)
            for number, row in enumerate(sheet.rows, start=1):
                for place, (cell, numeric) in enumerate(zip(row, sheet.numeric, strict=True)):
                    if numeric and cell and len(cell) <= _EXACT_DIGITS:
                        page.write_number(number, place, float(cell))
                    elif cell:
                        text = cell if restore_text(cell) == cell else f"'{cell}"
                        if page.write_string(number, place, text):
                            raise InvalidCase(f"{sheet.name} does not fit into an XLSX: row {number + 1}")
