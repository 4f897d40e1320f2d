"""What people leave out and a reader can offer: ids by row number, codes from names, regions
from addresses, points from regions.

Nothing here is decided for anybody: each offer is a note, and a proposed code asks for confirmation.
"""

from __future__ import annotations

from matching.case_format.friendly_codes import propose_codes
from matching.case_format.friendly_places import place_in_regions, read_addresses
from matching.case_format.notes import Notes
from matching.case_format.problems import Problems
from matching.case_format.tables import TextTable

_NUMBERED = {"outputs": "output_id", "facilities": "facility_id", "capacities": "capacity_id"}


def fill_gaps(tables: dict[str, TextTable], problems: Problems, notes: Notes) -> None:
    """Fill ids, codes and points that are absent from the tables, in place; says so in notes."""
    for name, table in tables.items():
        if name in _NUMBERED:
            _number_rows(table, _NUMBERED[name], notes)
        if name == "outputs":
            propose_codes(table, problems, notes)
        if name in {"outputs", "facilities"}:
            read_addresses(table, notes)
            if "lanes" not in tables:
                place_in_regions(table, notes)


def _number_rows(table: TextTable, name: str, notes: Notes) -> None:
    """Give each row without an id the number of its row, `R7`, as long as nobody else has it."""
    ids = table.columns.setdefault(name, [""] * len(table.rows))
    taken = set(ids)
    for index, number in enumerate(table.rows):
        if not ids[index].strip():
            offered = f"R{number}"
            while offered in taken:
                offered += "x"
            ids[index] = offered
            taken.add(offered)
            notes.add("id_numbered", table.file, number, name, value=f"R{table.rows[0]}")
