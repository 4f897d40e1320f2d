"""Files -> grids of raw cells: a folder of CSV files, one CSV or one XLSX; nothing is interpreted yet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from circularity.safe_workbook import MAX_FILE_BYTES, Refused, WorkbookSheet, read_workbook
from matching.case_format.notes import Notes
from matching.case_format.problems import Problems

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass
class Grid:
    """One sheet or CSV file: rows of raw cells (texts in a CSV, python values in an XLSX), row 1 first.

    `file` is how problems name it (`book.xlsx!sheet`), `name` the sheet's name or the file's stem. A file
    that is there and cannot be read is an unreadable grid, so that nobody reports it as missing as well.
    """

    file: str
    name: str
    rows: list[list[Any]]
    sheet: WorkbookSheet = field(default_factory=lambda: WorkbookSheet("", []))
    readable: bool = True


def read_grids(path: Path, problems: Problems, notes: Notes, *, friendly: bool) -> list[Grid]:
    """Return the sheets of a case in a stable order; what cannot be read is reported."""
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() == ".csv" and file.is_file())
        return [_read_csv(file, problems, notes, friendly) for file in files]
    if not path.is_file():
        problems.add("not_found", path.name)
    elif path.suffix.lower() == ".csv":
        return [_read_csv(path, problems, notes, friendly)]
    elif path.suffix.lower() == ".xlsx":
        return list(_read_xlsx(path, problems))
    else:
        problems.add("unsupported_file", path.name, found=path.suffix)
    return []


def cell_text(value: Any) -> str:
    """Return a cell as text: numbers by their shortest exact decimals, days as ISO dates."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        text = repr(value).removesuffix(".0")
        return format(Decimal(text), "f") if "e" in text else text
    if isinstance(value, datetime):
        midnight = value.time() == datetime.min.time()
        return value.date().isoformat() if midnight else value.isoformat(" ")
    return value.isoformat() if isinstance(value, date) else str(value)


def _read_xlsx(path: Path, problems: Problems) -> Iterator[Grid]:
    if not path.stat().st_size:
        problems.add("empty_file", path.name)
        return
    try:
        sheets = read_workbook(path)
    except Refused as refusal:
        problems.add(refusal.rule, path.name)
        return
    for sheet in sheets:
        yield Grid(f"{path.name}!{sheet.name}", sheet.name, sheet.rows, sheet)


def _read_csv(path: Path, problems: Problems, notes: Notes, friendly: bool) -> Grid:
    unreadable = Grid(path.name, path.stem, [], readable=False)
    content = path.read_bytes() if path.stat().st_size <= MAX_FILE_BYTES else None
    if content is None:
        problems.add("too_big", path.name)
        return unreadable
    if not content.strip():
        problems.add("empty_file", path.name)
        return unreadable
    text, encoding = _decode(content, friendly)
    if text is None:
        problems.add("wrong_encoding" if friendly else "not_utf8", path.name)
        return unreadable
    if not text.strip():
        problems.add("empty_file", path.name)
        return unreadable
    if encoding != "utf-8-sig":
        notes.add("encoding", path.name, encoding=encoding)
    delimiter = _delimiter(text) if friendly else ","
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        problems.add("unreadable_csv", path.name, why=str(error))
        return unreadable
    return Grid(path.name, path.stem, rows)


def _decode(content: bytes, friendly: bool) -> tuple[str | None, str]:
    """Return the text of a CSV: UTF-8, and for people's files GB18030 or what Excel calls Unicode text."""
    encodings = ["utf-8-sig"]
    if friendly:
        encodings = ["utf-16"] if content[:2] in _UTF16 else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return None, ""


def _delimiter(text: str) -> str:
    """Return the separator that most of the first lines hold; a comma where several do."""
    lines = text[:100_000].splitlines()[:20]
    return max(",;\t", key=lambda separator: sum(separator in line for line in lines))
