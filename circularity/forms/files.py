"""Writing the national forms: one XLSX with a sheet per form, or one form as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import BinaryIO

import xlsxwriter

from circularity.forms.national import FormSheet
from circularity.guarded_cells import guard_text

_TONNES = "(吨)"
_WIDTH = 14


def write_workbook(sheets: Sequence[FormSheet], stream: BinaryIO) -> None:
    """Write each form below its title: texts as texts, tonnes as numbers."""
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True})
        for sheet in sheets:
            page = book.add_worksheet(sheet.form.name)
            page.set_column(0, len(sheet.form.columns) - 1, _WIDTH)
            page.write_string(0, 0, sheet.form.title, bold)
            for place, column in enumerate(sheet.form.columns):
                page.write_string(1, place, column, bold)
            page.freeze_panes(2, 0)
            for number, row in enumerate(sheet.rows, 2):
                for place, column in enumerate(sheet.form.columns):
                    cell = row.get(column, "")
                    if cell and column.endswith(_TONNES):
                        page.write_number(number, place, float(cell))
                    elif cell:
                        page.write_string(number, place, cell)


def csv_text(sheet: FormSheet) -> str:
    """Return one form as CSV, its texts guarded against being run as formulas."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(sheet.form.columns)
    for row in sheet.rows:
        cells = ((column, row.get(column, "")) for column in sheet.form.columns)
        writer.writerow([cell if column.endswith(_TONNES) else guard_text(cell) for column, cell in cells])
    return stream.getvalue()
