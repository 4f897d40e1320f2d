"""Opening an official list or form: CSV in UTF-8 or GB18030, or an XLSX, as rows of texts."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from circularity.errors import BadInput, InputProblem
from circularity.safe_workbook import MAX_FILE_BYTES, Refused, read_workbook

_REFUSALS = {
    "zip_bomb": ("解压后内容过大", "the file unpacks to far more than a list needs"),
    "sheet_too_large": ("工作表范围过大", "a sheet spans far more cells than a list needs"),
    "too_many_members": ("压缩包成员过多", "the archive has too many members"),
}
_NO_WORKBOOK = ("不是有效的 XLSX 工作簿", "the file is not a valid XLSX workbook")


def read_list(path: Path) -> list[list[str]]:
    """Return the cells of a list, its first sheet, trimmed, row 1 first; raises BadInput if unreadable."""
    rows = next(iter(read_sheets(path).values()))
    _require_content(path, rows)
    return rows


def read_sheets(path: Path) -> dict[str, list[list[str]]]:
    """Return the cells of every sheet by its name, a CSV's by the file's; raises BadInput if unreadable."""
    try:
        size = path.stat().st_size
    except OSError:
        raise _refused(path, "file_not_found", "", "找不到文件", "the file does not exist") from None
    if not path.is_file():
        raise _refused(path, "not_a_file", "", "不是文件", "this is not a file")
    if size > MAX_FILE_BYTES:
        raise _refused(path, "file_too_large", f"{size}", "文件超过 50 MB", "the file is over 50 MB")
    if path.suffix.lower() == ".xlsx":
        sheets = _xlsx_sheets(path)
    else:
        sheets = {path.stem: _csv_rows(path, path.read_bytes())}
    _require_content(path, [row for rows in sheets.values() for row in rows])
    return sheets


def _require_content(path: Path, rows: list[list[str]]) -> None:
    if not any(any(row) for row in rows):
        raise _refused(path, "empty_file", "", "文件没有内容", "the file is empty")


def _csv_rows(path: Path, content: bytes) -> list[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            break
    else:
        raise _refused(
            path, "not_text", "", "不是 UTF-8 或 GB18030 文本", "the file is neither UTF-8 nor GB18030 text"
        )
    try:
        return [
            [cell.strip() for cell in row] for row in csv.reader(io.StringIO(text, newline=""), strict=True)
        ]
    except csv.Error as error:
        raise _refused(path, "not_csv", str(error), "不是有效的 CSV", "the file is not valid CSV") from None


def _xlsx_sheets(path: Path) -> dict[str, list[list[str]]]:
    try:
        book = read_workbook(path)
    except Refused as refusal:
        rule = refusal.rule if refusal.rule in _REFUSALS else "not_a_workbook"
        raise _refused(path, rule, "", *_REFUSALS.get(rule, _NO_WORKBOOK)) from None
    return {
        sheet.name: [["" if cell is None else str(cell).strip() for cell in row] for row in sheet.rows]
        for sheet in book
    }


def _refused(path: Path, rule: str, found: str, zh: str, en: str) -> BadInput:
    return BadInput([InputProblem(path.name, None, None, rule, found[:80], zh, en)])
