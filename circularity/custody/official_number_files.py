"""Reading lists of national manifest numbers: our number beside the official one, CSV or XLSX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from circularity.catalogue.list_files import read_list
from circularity.errors import BadInput, InputProblem

_OURS = ("平台转移编号", "转移编号", "平台编号", "number")
_OFFICIAL = ("国家联单编号", "联单编号", "官方联单编号", "official_number")
_HEADER_WITHIN = 20


@dataclass(frozen=True, slots=True)
class NumberList:
    """Pairs of our number and the official one, and the row of the file in which each stands."""

    pairs: list[tuple[str, str]]
    places: list[int]


def read_official_numbers(file: Path) -> NumberList:
    """Return the pairs of a list; rows without an official number are left out.

    Raises BadInput where the file cannot be read or its header is not found.
    """
    cells = read_list(file)
    header, ours, official = _header(file, cells)
    found = NumberList([], [])
    for place, row in enumerate(cells[header + 1 :], header + 2):
        # A workbook holds a number that is all digits as a number, which reads back with a decimal.
        theirs = _at(row, official).removesuffix(".0")
        if theirs:
            found.pairs.append((_at(row, ours), theirs))
            found.places.append(place)
    return found


def _header(file: Path, cells: Sequence[Sequence[str]]) -> tuple[int, int, int]:
    for place, row in enumerate(cells[:_HEADER_WITHIN]):
        plain = ["".join(cell.split()).lower() for cell in row]
        ours = next((k for k, cell in enumerate(plain) if cell in _OURS), None)
        official = next((k for k, cell in enumerate(plain) if cell in _OFFICIAL), None)
        if ours is not None and official is not None:
            return place, ours, official
    zh = "找不到表头：需要 平台转移编号、国家联单编号"
    en = "no header found: number and official_number are needed"
    raise BadInput([InputProblem(file.name, None, None, "no_header", "", zh, en)])


def _at(row: Sequence[str], index: int) -> str:
    return row[index] if index < len(row) else ""
