"""Opening an official list: CSV in UTF-8 or GB18030, or the first sheet of an XLSX, as rows of texts."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from circularity.errors import BadInput, InputProblem

MAX_FILE_BYTES = 50 * 1024 * 1024
MAX_UNPACKED_BYTES = 400 * 1024 * 1024
_CHUNK = 1024 * 1024


def read_list(path: Path) -> list[list[str]]:
    """Return the cells of the list, trimmed, row 1 first; raises BadInput where the file cannot be read."""
    try:
        size = path.stat().st_size
    except OSError:
        raise _refused(path, "file_not_found", "", "找不到文件", "the file does not exist") from None
    if not path.is_file():
        raise _refused(path, "not_a_file", "", "不是文件", "this is not a file")
    if size > MAX_FILE_BYTES:
        raise _refused(path, "file_too_large", f"{size}", "文件超过 50 MB", "the file is over 50 MB")
    content = path.read_bytes()
    rows = _xlsx_rows(path, content) if path.suffix.lower() == ".xlsx" else _csv_rows(path, content)
    if not any(any(row) for row in rows):
        raise _refused(path, "empty_file", "", "文件没有内容", "the file is empty")
    return rows


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


def _xlsx_rows(path: Path, content: bytes) -> list[list[str]]:
    _require_small_when_unpacked(path, content)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheet = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, IndexError, ValueError) as error:
        raise _refused(
            path,
            "not_a_workbook",
            str(error),
            "不是有效的 XLSX 工作簿",
            "the file is not a valid XLSX workbook",
        ) from None
    return [[str(cell).strip() for cell in row] for row in sheet]


def _require_small_when_unpacked(path: Path, content: bytes) -> None:
    """Refuse archives that unpack to far more than a list needs, counted while reading: headers can lie."""
    unpacked = 0
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                with archive.open(member) as stream:
                    while chunk := stream.read(_CHUNK):
                        unpacked += len(chunk)
                        if unpacked > MAX_UNPACKED_BYTES:
                            raise _refused(
                                path,
                                "zip_bomb",
                                f"> {unpacked}",
                                "解压后内容过大",
                                "the file unpacks to far more than a list needs",
                            )
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise _refused(
            path,
            "not_a_workbook",
            str(error),
            "不是有效的 XLSX 工作簿",
            "the file is not a valid XLSX workbook",
        ) from None


def _refused(path: Path, rule: str, found: str, zh: str, en: str) -> BadInput:
    return BadInput([InputProblem(path.name, None, None, rule, found[:80], zh, en)])
