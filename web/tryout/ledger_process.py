"""A party's own ledger in a process that can be stopped: `python -m web.tryout.ledger_process FILE`.

Prints one JSON object: `{"rows": […], "notes": […]}`, or what was wrong as `{"problems": […]}` or
`{"refused": code}`. Terms of rows are spelled as a draft keeps them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from circularity.errors import BadInput
from circularity.units import MISSING
from matching.case_format.files import Note, read_ledger
from matching.case_tables import Outputs
from web.tryout.process import limit_this_process

MAX_ROWS = 5_000
"""So many drafts are written and looked through at a time; a longer ledger is sent in parts."""

_NUMBERS = (
    *("mass_kg", "max_distance_m", "max_net_cost_ucny_per_kg", "min_lot_kg", "price_ucny_per_kg"),
    "plan_mass_kg",
)
_DAYS = ("available_from", "available_to", "storage_since")
_OF_PLACES = {"lat", "lon", "region_code", "output_id"}
_ABOUT_PLACES = {
    *("region_read", "address_unread", "region_centre", "outside_delta", "far_from_region"),
    *("id_numbered", "coordinate_rounded"),
}
"""Lots lie at the site that is chosen, so nothing is said of places, nor of ids that are not kept."""


def main(arguments: Sequence[str]) -> None:
    """Read the file at the given path and print what was understood."""
    limit_this_process()
    print(json.dumps(_answer(Path(arguments[0])), ensure_ascii=False, allow_nan=False))


def _answer(path: Path) -> dict[str, Any]:
    try:
        read = read_ledger(path)
    except BadInput as error:
        return {"problems": [problem.as_dict() for problem in error.problems]}
    except MemoryError:
        return {"refused": "case_too_heavy"}
    if len(read.rows) > MAX_ROWS:
        return {"refused": "too_many_rows"}
    notes = [note for note in read.notes if not _is_about_places(note)]
    told = set(read.rows)
    of_rows = [note for note in notes if note.file == read.file and told.intersection(note.rows)]
    rows = [
        {"line": line, "terms": _terms(read.outputs, k), "notes": _at(of_rows, line)}
        for line, k in sorted(zip(read.rows, range(len(read.rows)), strict=True))
    ]
    return {"rows": rows, "notes": [_words(note) for note in notes if note not in of_rows]}


def _terms(outputs: Outputs, k: int) -> Mapping[str, Any]:
    numbers = {name: _known(getattr(outputs, name)[k]) for name in _NUMBERS}
    days = {name: _known(getattr(outputs, f"{name}_day")[k]) for name in _DAYS}
    return {
        **numbers,
        **{name: date.fromordinal(value).isoformat() for name, value in days.items() if value is not None},
        "waste_code": str(outputs.waste_code[k]),
        "status": str(outputs.status[k]) or "waste",
        "allowed_operations": [code for code in str(outputs.allowed_operations[k]).split(";") if code],
        "assays": {name: int(values[k]) for name, values in outputs.assays.items() if values[k] != MISSING},
    }


def _known(value: Any) -> int | None:
    return None if value == MISSING else int(value)


def _is_about_places(note: Note) -> bool:
    return note.rule in _ABOUT_PLACES or note.column in _OF_PLACES


def _at(notes: Sequence[Note], line: int) -> list[dict[str, str]]:
    return [_words(note) for note in notes if line in note.rows]


def _words(note: Note) -> dict[str, str]:
    """Return a note in both languages, without the list of rows that is told when it stands for many."""
    where = {"column": note.column} if note.column else {}
    return {"rule": note.rule, "zh": note.zh, "en": note.en, **where}


if __name__ == "__main__":
    main(sys.argv[1:])
