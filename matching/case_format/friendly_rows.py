"""Which rows below a header are data: totals, remarks and repeated headers are set aside, each with a note.

A row counts as a total when it says so, or when it holds a mass and nothing else that agrees with the sum of
the rows above or comes from a formula. A row that holds only a mass and is none of that is a problem.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from matching.case_format.friendly_cells import plain
from matching.case_format.notes import Notes
from matching.case_format.problems import Problems, shorten

_TOTAL = re.compile(r".{0,12}(合计|小计|总计|累计|共计|总和)(数|量)?|(grand|sub)?-?total|sum", re.IGNORECASE)
_REMARK = re.compile(
    r"^(注|备注|说明|附注|填表|制表|审核|编制|负责人|联系|日期|单位负责|note|remark)", re.IGNORECASE
)
_COLUMN_MARKS = "甲乙丙丁戊己庚辛壬癸"
_TOLERANCE = Decimal("1e-9")

IDENTITY = {
    "outputs": ("output_id", "waste_code", "waste_name"),
    "facilities": ("facility_id", "organisation"),
    "capacities": ("capacity_id", "waste_pattern"),
    "caps": ("cap_id", "capacity_id"),
    "lanes": ("output_id", "capacity_id"),
    "proposals": ("output_id", "capacity_id"),
    "parameters": ("name",),
}
MASS = {"outputs": "mass_t", "capacities": "capacity_t"}
_CODES = {"outputs": "waste_code", "capacities": "waste_pattern"}


@dataclass
class RowSorter:
    """Takes the rows of one sheet in order; `take` tells whether a row is data.

    `places` maps column names to their place in a row; `tonnes` reads a row's mass as tonnes, None where it
    holds none; `is_formula` tells whether the mass of that row number comes from a formula.
    """

    sheet: str
    file: str
    places: dict[str, int]
    shown: Sequence[str]
    tonnes: Callable[[Sequence[Any]], Decimal | None]
    is_formula: Callable[[int], bool]
    notes: Notes
    problems: Problems
    set_aside: int = 0
    whole: Decimal = field(default_factory=Decimal)
    since: Decimal = field(default_factory=Decimal)

    def take(self, number: int, row: Sequence[Any]) -> bool:
        """Return whether the row (by its spreadsheet number) is data; a row that is not is noted."""
        if not self._is_plain_data(row):
            aside = self._set_aside(number, row)
            if aside:
                self.set_aside += 1
                return False
        tonnes = self.tonnes(row) if self.sheet in MASS else None
        self.whole += tonnes or 0
        self.since += tonnes or 0
        return True

    def _cell(self, row: Sequence[Any], name: str) -> str:
        place = self.places.get(name, -1)
        return plain(row[place]) if 0 <= place < len(row) else ""

    def _is_plain_data(self, row: Sequence[Any]) -> bool:
        """Tell quickly that a row has all its identity and no word of a total: nearly every row."""
        if self.sheet in _CODES:
            code = self._cell(row, _CODES[self.sheet])
            return len(code) > 3 and any(character.isdigit() for character in code)
        identity = self._cell(row, IDENTITY[self.sheet][0])
        return bool(identity) and identity not in self.shown

    def _set_aside(self, number: int, row: Sequence[Any]) -> bool:
        filled = [text for text in (plain(cell) for cell in row) if text]
        text = shorten(" ".join(filled))
        if self._repeats_header(filled):
            self.notes.add("repeated_header", self.file, number)
            return True
        tonnes = self.tonnes(row) if self.sheet in MASS else None
        if self.sheet in MASS and any(_TOTAL.fullmatch("".join(cell.split()).strip(":")) for cell in filled):
            self._note_total(number, text, tonnes)
            return True
        if tonnes is None:
            named = any(self._cell(row, name) for name in IDENTITY[self.sheet])
            if any(_REMARK.match(cell) for cell in filled) or len(filled) == 1 or not named:
                self.notes.add("remark_row", self.file, number, text=text)
                return True
            return False
        if len(filled) == 1:
            if self.is_formula(number) or self._agrees(tonnes):
                self._note_total(number, text, tonnes)
            else:
                self.problems.add("row_not_understood", self.file, number, MASS[self.sheet], text)
            return True
        return False

    def _repeats_header(self, filled: Sequence[str]) -> bool:
        header = {"".join(cell.split()) for cell in self.shown if cell}
        if len(filled) > 2 and {"".join(cell.split()) for cell in filled} <= header:
            return True
        numbers = [int(cell) for cell in filled if cell.isdecimal()]
        marks = [cell for cell in filled if cell not in _COLUMN_MARKS and not cell.isdecimal()]
        return (
            len(filled) > 2 and len(numbers) > 1 and not marks and numbers == list(range(1, len(numbers) + 1))
        )

    def _agrees(self, tonnes: Decimal) -> bool:
        sums = (self.whole, self.since)
        return any(abs(tonnes - total) <= _TOLERANCE * max(abs(total), Decimal(1)) for total in sums)

    def _note_total(self, number: int, text: str, tonnes: Decimal | None) -> None:
        above = format((self.since if tonnes == self.since else self.whole).normalize(), "f")
        if tonnes is None:
            self.notes.add("total_row_empty", self.file, number, text=text)
        elif self._agrees(tonnes):
            self.notes.add("total_row", self.file, number, text=text, sum=above)
        else:
            value = format(tonnes.normalize(), "f")
            self.notes.add("total_row_differs", self.file, number, text=text, value=value, sum=above)
        self.since = Decimal()


def decimal_or_none(text: str) -> Decimal | None:
    """Return a plain decimal text as a number, None where it is none."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
