"""A table as a file that spreadsheets open: UTF-8 with a mark, and no cell that could be a formula."""

from __future__ import annotations

import csv
import io
from base64 import b64encode
from collections.abc import Iterable, Sequence
from decimal import Decimal
from urllib.parse import quote

from flask import Response

from circularity.guarded_cells import guard_text


def csv_answer(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Return a download called `name`."""
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(_csv(header, rows), mimetype="text/csv", headers=headers)


def csv_address(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return an address that holds the file itself, for answers that nobody keeps."""
    return f"data:text/csv;charset=utf-8;base64,{b64encode(_csv(header, rows).encode()).decode()}"


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    return "\ufeff" + text.getvalue()


def _plain(cell: object) -> str:
    if cell is None:
        return ""
    return str(cell) if isinstance(cell, (int, float, Decimal)) else guard_text(str(cell))
