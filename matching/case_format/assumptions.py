"""Notes on what a readable case leaves to assumption: codes the catalogue lacks, capacities of any waste."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np

from circularity.catalogue.waste_types import find, parse_code
from matching.case import Case
from matching.case_format.notes import Notes
from matching.case_format.tables import TextTable
from matching.case_tables import Outputs


def note_what_is_assumed(case: Case, texts: Mapping[str, TextTable], notes: Notes) -> None:
    """Add the notes that hold however the case was written, in strict and in friendly reading."""
    note_unlisted_codes(case.outputs, texts, date.fromordinal(case.parameters.as_of_day), notes)
    capacities = texts["capacities"]
    if "waste_pattern" not in capacities.columns:
        notes.add("pattern_assumed", capacities.file, None, "waste_pattern")


def note_unlisted_codes(outputs: Outputs, texts: Mapping[str, TextTable], on: date, notes: Notes) -> None:
    """Warn of well-formed codes that the catalogue lacks, once each, at their first row."""
    table = texts["outputs"]
    found = {code: find(code, on) for code in np.unique(outputs.waste_code).tolist()}
    unlisted = {code: waste.kind for code, waste in found.items() if waste.level == "kind"}
    if not unlisted:
        return
    for row, cell in zip(table.rows, table.columns["waste_code"], strict=True):
        kind = unlisted.pop(parse_code(cell), None)
        if kind:
            notes.add(
                "code_unlisted", table.file, row, table.label("waste_code"), code=parse_code(cell), kind=kind
            )
