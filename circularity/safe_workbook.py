"""Opening an XLSX of unknown origin: measured, refused when hostile or broken, then read by python-calamine.

The archive is unpacked once into nothing, counting the bytes that really come out (headers can lie). The
same pass finds formulas, which python-calamine does not tell from values, and the area that the cells span,
because one cell at XFD1048576 would make it ask for 17 billion cells.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

MAX_FILE_BYTES = 50 * 1024 * 1024
MAX_MEMBERS = 2000
MAX_UNPACKED_BYTES = 300 * 1024 * 1024
MAX_RATIO = 200
MAX_CELLS = 10_000_000
_RATIO_FROM_BYTES = 5 * 1024 * 1024
_CHUNK = 1 << 20
_LONGEST_ROW = 32 * _CHUNK

_PREFIX = rb"<(?:\w[\w.-]*:)?"
_CELL = re.compile(
    _PREFIX + rb"c(?=[\s/>])(?:\s+(?:[^>]*?\s)??r\s*=\s*[\"']([A-Za-z]+)(\d+)[\"'])?([^>]*)>"
    rb"(\s*<(?:\w[\w.-]*:)?f[\s/>])?"
)
_ROW = re.compile(_PREFIX + rb"row\s(?:[^>]*?\s)??r\s*=\s*[\"'](\d+)[\"']")
_ROW_END = re.compile(rb"</(?:\w[\w.-]*:)?row>")
_HIDING = re.compile(rb"=\s*(?:\"[^\"<>]*>|'[^'<>]*>)")
"""An attribute that holds a bare `>`: no program writes one, and it would hide a cell from `_CELL`."""
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class Refused(Exception):
    """The workbook is not read; `rule` is one of the reader's rule codes."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


@dataclass
class WorkbookSheet:
    """One sheet as python values from A1 on; places count from 0 as (row, column).

    `formulas` are cells that hold one, `uncomputed` those of them whose value was never stored; `merges` are
    (first row, first column, last row, last column).
    """

    name: str
    rows: list[list[Any]]
    formulas: set[tuple[int, int]] = field(default_factory=set)
    uncomputed: set[tuple[int, int]] = field(default_factory=set)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)


def read_workbook(path: Path) -> list[WorkbookSheet]:
    """Return every worksheet, hidden ones included; raises Refused."""
    if path.stat().st_size > MAX_FILE_BYTES:
        raise Refused("too_big")
    try:
        with zipfile.ZipFile(path) as archive:
            scans = _measure(archive)
            parts = _sheet_parts(archive)
    except (zipfile.BadZipFile, zlib.error, struct.error, ElementTree.ParseError) as error:
        raise Refused("not_xlsx") from error
    except (OSError, EOFError, KeyError, ValueError, RuntimeError, NotImplementedError) as error:
        raise Refused("not_xlsx") from error
    return _open(path, {name: scans[part] for name, part in parts.items() if part in scans})


@dataclass
class _Scan:
    """What the XML of one worksheet says before it is read."""

    height: int = 0
    width: int = 0
    formulas: set[tuple[int, int]] = field(default_factory=set)
    computed_text: set[tuple[int, int]] = field(default_factory=set)

    def take(self, xml: bytes) -> None:
        """Go through the cells of whole rows."""
        if _HIDING.search(xml):
            raise Refused("not_xlsx")
        cells = _CELL.findall(xml)
        filled = [(letters, row) for letters, row, tail, _ in cells if letters and tail[-1:] != b"/"]
        columns = {letters: _column(letters) for letters in {letters for letters, _ in filled}}
        self.width = max([self.width, *(place + 1 for place in columns.values())])
        self.height = max([self.height, *map(int, {row for _, row in filled})])
        for letters, row, tail, formula in cells:
            if formula and letters:
                place = (int(row) - 1, columns[letters])
                self.formulas.add(place)
                if b'"str"' in tail:
                    self.computed_text.add(place)
        if any(not letters for letters, *_ in cells):
            # Cells without a place of their own follow each other from the place of their row.
            self.height = max([self.height, *map(int, _ROW.findall(xml))])
            self.width = max([self.width, *(len(_CELL.findall(row)) for row in _ROW_END.split(xml))])
        if self.height * self.width > MAX_CELLS:
            raise Refused("sheet_too_large")


def _column(letters: bytes) -> int:
    if len(letters) > 3:
        raise Refused("sheet_too_large")
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number - 1


def _measure(archive: zipfile.ZipFile) -> dict[str, _Scan]:
    """Unpack every member into nothing and return the scans of the worksheets by path."""
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise Refused("too_many_members")
    names = [member.filename for member in members]
    if len(set(names)) != len(names) or "[Content_Types].xml" not in names:
        raise Refused("not_xlsx")
    scans: dict[str, _Scan] = {}
    unpacked = 0
    for member in members:
        scan = _Scan() if member.filename.startswith("xl/worksheets/") else None
        pending, size = b"", 0
        for chunk in _chunks(archive, member):
            size += len(chunk)
            suspicious = size > _RATIO_FROM_BYTES and size > MAX_RATIO * max(member.compress_size, 1)
            if unpacked + size > MAX_UNPACKED_BYTES or suspicious:
                raise Refused("zip_bomb")
            if member.filename.endswith((".xml", ".rels")) and size == len(chunk):
                _refuse_doctype(chunk)
            if scan is not None:
                pending = _take_rows(scan, pending + chunk)
        if scan is not None:
            scan.take(pending)
            scans[member.filename] = scan
        unpacked += size
    return scans


def _chunks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _refuse_doctype(start: bytes) -> None:
    """No spreadsheet program writes a DOCTYPE; entities that explode or fetch files need one.

    A DOCTYPE stands before the root element, so the first megabyte shows it; other encodings could hide it.
    """
    if b"<!DOCTYPE" in start or start[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in start:
        raise Refused("not_xlsx")


def _take_rows(scan: _Scan, xml: bytes) -> bytes:
    """Scan up to the end of the last whole row and return the rest."""
    end = xml.rfind(b"row>")
    if end < 0:
        if len(xml) > _LONGEST_ROW:
            raise Refused("sheet_too_large")
        return xml
    scan.take(xml[: end + 4])
    return xml[end + 4 :]


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the path of each worksheet's XML by the sheet's name."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - no DOCTYPE gets here
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - no DOCTYPE gets here
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    parts = {}
    for sheet in book.iter():
        if sheet.tag.endswith("}sheet"):
            target = targets.get(sheet.get(_REL), "")
            parts[sheet.get("name", "")] = target[1:] if target.startswith("/") else f"xl/{target}"
    return parts


def _open(path: Path, scans: dict[str, _Scan]) -> list[WorkbookSheet]:
    try:
        with CalamineWorkbook.from_path(path) as book:
            found = [sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
            if not set(found) <= scans.keys():
                raise Refused("not_xlsx")
            return [_sheet(book, name, scans[name]) for name in found]
    except (CalamineError, OSError, ValueError) as error:
        raise Refused("not_xlsx") from error
    except BaseException as error:
        # A panic inside the reader's Rust code is no Exception; only its name tells it.
        if type(error).__name__ == "PanicException":
            raise Refused("not_xlsx") from error
        raise


def _sheet(book: CalamineWorkbook, name: str, scan: _Scan) -> WorkbookSheet:
    sheet = book.get_sheet_by_name(name)
    rows: list[list[Any]] = sheet.to_python(skip_empty_area=False)
    blank = {
        (r, c) for r, c in scan.formulas if r >= len(rows) or c >= len(rows[r]) or rows[r][c] in ("", None)
    }
    merges = [(*first, *last) for first, last in sheet.merged_cell_ranges or []]
    return WorkbookSheet(name, rows, scan.formulas, blank - scan.computed_text, merges)
