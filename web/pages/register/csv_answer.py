"""A table as a file that spreadsheets open: UTF-8 with a mark, and no cell that could be a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from flask import Response

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_answer(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Return a download called `name`; a cell that begins like a formula gets a quotation mark before it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response("\ufeff" + text.getvalue(), mimetype="text/csv", headers=headers)


def _plain(cell: object) -> str:
    spelled = "" if cell is None else str(cell)
    return f"'{spelled}" if spelled.startswith(_FORMULA) else spelled
