"""Grids written by programs -> tables: row 1 is the header, every column of the format, every row whole."""

from __future__ import annotations

from matching.case_format.columns import SHEETS
from matching.case_format.notes import Notes
from matching.case_format.problems import Problems
from matching.case_format.sources import Grid, cell_text
from matching.case_format.tables import TextTable


def strict_tables(grids: list[Grid], problems: Problems, notes: Notes) -> dict[str, TextTable]:
    """Return the tables by sheet name; a grid of another name is no part of a case and noted."""
    for grid in grids:
        if grid.name not in SHEETS:
            notes.add("file_ignored", grid.file)
    return {
        grid.name: _strict_table(grid, problems) for grid in grids if grid.name in SHEETS and grid.readable
    }


def _strict_table(grid: Grid, problems: Problems) -> TextTable:
    sheet = SHEETS[grid.name]
    header = [cell_text(cell).strip() for cell in grid.rows[0]] if grid.rows else []
    if not any(header):
        problems.add("empty_file", grid.file)
    for place, name in enumerate(header):
        if sheet.column(name) is None:
            problems.add("unknown_header", grid.file, 1, name or f"#{place + 1}", name)
        elif name in header[:place]:
            problems.add("duplicate_header", grid.file, 1, name, name)
    rows, numbers = _whole_rows(grid, len(header), problems)
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in header]
    for row, place in sorted(grid.sheet.uncomputed):
        shown = header[place] if place < len(header) else None
        problems.add("formula_without_value", grid.file, row + 1, shown)
    kept = {name: column for name, column in zip(header, columns, strict=True) if sheet.column(name)}
    return TextTable(grid.name, grid.file, kept, numbers)


def _whole_rows(grid: Grid, width: int, problems: Problems) -> tuple[list[list[str]], list[int]]:
    """Return the rows that are not blank, as texts, with their numbers; reports rows of another length."""
    rows, numbers = [], []
    for number, row in enumerate(grid.rows[1:], start=2):
        if not any(row):
            continue
        texts = row if all(type(cell) is str for cell in row) else [cell_text(cell) for cell in row]
        if len(texts) != width:
            problems.add("cell_count", grid.file, number, cells=len(texts), headers=width)
            texts = (texts + [""] * width)[:width]
        rows.append(texts)
        numbers.append(number)
    return rows, numbers
