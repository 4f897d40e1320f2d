"""People's sheets -> tables for the strict reader: headers understood, rows sorted, cells translated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from matching.case_format.columns import SHEETS
from matching.case_format.friendly_cells import Translator, Words, plain
from matching.case_format.friendly_headers import (
    MASS_UNITS,
    UNITS,
    Header,
    Heading,
    find_header,
    meaning,
    unit_of_title,
)
from matching.case_format.friendly_rows import MASS, RowSorter, decimal_or_none
from matching.case_format.notes import Notes
from matching.case_format.problems import Problems, shorten
from matching.case_format.sources import Grid, cell_text
from matching.case_format.tables import TextTable

_HEADER_AREA = 40


def friendly_tables(grids: list[Grid], problems: Problems, notes: Notes) -> dict[str, TextTable]:
    """Return the tables by sheet name; sheets that are not understood are noted, never dropped in silence."""
    tables: dict[str, TextTable] = {}
    for grid in grids:
        if not grid.readable or not any(any(row) for row in grid.rows):
            continue
        top = [[cell_text(cell) for cell in row] for row in grid.rows[:_HEADER_AREA]]
        header = find_header(top, _likely_sheets(grid.name), anyway=grid.name in SHEETS)
        if header is None:
            notes.add("sheet_ignored", grid.file)
        elif header.sheet in tables:
            problems.add("sheet_twice", grid.file, sheet=header.sheet)
        else:
            tables[header.sheet] = FriendlySheet(grid, header, top, problems, notes).table()
    if not tables and not len(problems):
        problems.add("no_sheet_understood", ", ".join(grid.file for grid in grids))
    return tables


def _likely_sheets(name: str) -> list[str]:
    """Return which sheets a name allows: its own, those it hints at, else all of them."""
    if name in SHEETS:
        return [name]
    hinted = [
        sheet.name for sheet in SHEETS.values() if any(alias in name.lower() for alias in sheet.aliases)
    ]
    return hinted + [sheet for sheet in SHEETS if sheet not in hinted]


@dataclass
class FriendlySheet:
    """One person's sheet on its way to a table."""

    grid: Grid
    header: Header
    top: Sequence[Sequence[str]]
    problems: Problems
    notes: Notes
    words: dict[int, Words] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    row_units: bool = False

    def table(self) -> TextTable:
        """Return the table; waste names, which a case does not carry, stay in a column of their own."""
        self._note_header()
        for place, heading in self.header.headings.items():
            self.places[heading.name] = place
            self.words[place] = self._words(heading)
        self.row_units = "unit" in self.places
        self._fill_merged()
        rows = self._data_rows()
        columns = {
            name: self._column(name, place, rows) for name, place in self.places.items() if name != "unit"
        }
        labels = {heading.name: heading.shown for heading in self.header.headings.values()}
        table = TextTable(self.header.sheet, self.grid.file, columns, [number for number, _ in rows], labels)
        self._check_formulas(table)
        self._keep_other_columns(rows)
        return table

    def _note_header(self) -> None:
        header, file = self.header, self.grid.file
        titles = " ".join(cell.strip() for row in self.top[: header.first] for cell in row if cell.strip())
        if titles:
            self.notes.add("title_rows", file, 1, text=shorten(titles))
        if header.first or header.last or any(h.shown != h.name for h in header.headings.values()):
            lines = range(header.first + 1, header.last + 2)
            read = "; ".join(f"{h.shown} → {h.name}" for h in header.headings.values())
            self.notes.add(
                "header_found", file, header.last + 1, rows="-".join(map(str, lines)), columns=read
            )

    def _words(self, heading: Heading) -> Words:
        """Return how the column's cells are turned, its unit taken from the header or from the title."""
        file, row = self.grid.file, self.header.last + 1
        column = SHEETS[self.header.sheet].column(heading.name)
        if column is None:
            return Words("text")
        factor = heading.factor
        if heading.foreign:
            self.problems.add("unknown_unit", file, row, heading.shown, heading.foreign)
        elif (
            column.kind == "mass"
            and factor is None
            and "unit" not in {other.name for other in self.header.headings.values()}
        ):
            titled = unit_of_title(self.top[: self.header.first])
            if titled is None:
                self.notes.add("unit_assumed", file, row, heading.shown)
            else:
                factor = titled[1]
        if factor is not None and factor != 1:
            unit = next(unit for unit, value in UNITS[column.kind].items() if value == factor)
            self.notes.add("unit_converted", file, row, heading.shown, unit=unit)
        ends = heading.name.endswith("_to")
        return Words(column.kind, factor or Decimal(1), ends)

    def _fill_merged(self) -> None:
        """Write what a cell merged over several rows says into each of them; a mass is never repeated."""
        massive = {place for place, words in self.words.items() if words.kind == "mass"}
        rows = self.grid.rows
        for first, left, last, right in self.grid.sheet.merges:
            if first <= self.header.last or left != right or left in massive or left not in self.words:
                continue
            for row in rows[first + 1 : last + 1]:
                if left < len(row) and row[left] in ("", None):
                    row[left] = rows[first][left]
            self.notes.add("filled_down", self.grid.file, first + 1, self.header.headings[left].shown)

    def _data_rows(self) -> list[tuple[int, list[Any]]]:
        start = self.header.last + 1
        mass_place = self.places.get(MASS.get(self.header.sheet, ""), -1)
        sorter = RowSorter(
            self.header.sheet,
            self.grid.file,
            self.places,
            [part for row in self.top[self.header.first : start] for part in row],
            self._tonnes,
            lambda number: (number - 1, mass_place) in self.grid.sheet.formulas,
            self.notes,
            self.problems,
        )
        rows = [
            (number, row)
            for number, row in enumerate(self.grid.rows[start:], start=start + 1)
            if any(cell not in ("", None) and str(cell).strip() for cell in row) and sorter.take(number, row)
        ]
        if self.header.sheet in MASS:
            mass = format(sorter.whole.normalize(), "f")
            self.notes.add("rows_read", self.grid.file, rows=len(rows), mass=mass, others=sorter.set_aside)
        return rows

    def _tonnes(self, row: Sequence[Any]) -> Decimal | None:
        place = self.places.get(MASS[self.header.sheet], -1)
        if not 0 <= place < len(row):
            return None
        return decimal_or_none(Translator(self._row_words(place, row)).turn(row[place])[0])

    def _row_words(self, place: int, row: Sequence[Any]) -> Words:
        """Return the words of a cell; in a column of masses the row's own unit decides where there is one."""
        words = self.words[place]
        if not self.row_units or words.kind != "mass" or self.header.headings[place].factor is not None:
            return words
        unit = plain(row[self.places["unit"]]).lower() if self.places["unit"] < len(row) else ""
        return Words("mass", MASS_UNITS.get(unit, Decimal(1)))

    def _column(self, name: str, place: int, rows: Sequence[tuple[int, list[Any]]]) -> list[str]:
        shown = self.header.headings[place].shown
        translator = Translator(self.words[place])
        by_row = self.row_units and self.words[place].kind == "mass"
        texts = []
        for number, row in rows:
            cell = row[place] if place < len(row) else ""
            by_unit = Translator(self._row_words(place, row)) if by_row else translator
            text, said = by_unit.turn(cell)
            texts.append(text)
            for rule, facts in said:
                self.notes.add(rule, self.grid.file, number, shown, **facts)
        if name in {"mass_t", "capacity_t"} and self.row_units:
            self._check_row_units(rows)
        return texts

    def _check_row_units(self, rows: Sequence[tuple[int, list[Any]]]) -> None:
        place = self.places["unit"]
        for number, row in rows:
            unit = plain(row[place]).lower() if place < len(row) else ""
            if unit and unit not in MASS_UNITS:
                self.problems.add(
                    "unknown_unit", self.grid.file, number, self.header.headings[place].shown, unit
                )
            elif MASS_UNITS.get(unit, 1) != 1:
                self.notes.add(
                    "unit_converted", self.grid.file, number, self.header.headings[place].shown, unit=unit
                )

    def _check_formulas(self, table: TextTable) -> None:
        """Report formulas whose value was never stored; note the columns that hold computed values."""
        index_of = {number: index for index, number in enumerate(table.rows)}
        for row, place in sorted(self.grid.sheet.formulas):
            heading = self.header.headings.get(place)
            if heading is None or row + 1 not in index_of or heading.name not in table.columns:
                continue
            if (row, place) in self.grid.sheet.uncomputed:
                table.reported.add((heading.name, index_of[row + 1]))
                self.problems.add("formula_without_value", self.grid.file, row + 1, heading.shown)
            else:
                self.notes.add("formula_values", self.grid.file, row + 1, heading.shown)

    def _keep_other_columns(self, rows: Sequence[tuple[int, list[Any]]]) -> None:
        width = max((len(row) for _, row in rows), default=0)
        names = [*self.header.shown, *[""] * (width - len(self.header.shown))]
        for place, name in enumerate(names):
            if place in self.header.headings:
                continue
            cells = [plain(row[place]) for _, row in rows if place < len(row)]
            values = list(dict.fromkeys(cell for cell in cells if cell))
            meant = meaning(self.header.sheet, name)
            if meant is not None and meant in MASS.values():
                used = self.header.headings[self.places[meant]].shown
                self.notes.add("several_masses", self.grid.file, None, name, used=used)
            elif values or name:
                self.notes.add(
                    "column_kept",
                    self.grid.file,
                    None,
                    name or f"#{place + 1}",
                    values=shorten("; ".join(values)),
                )
