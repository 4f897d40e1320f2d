"""Reading and writing a case: a folder of CSV files or one XLSX with the same sheets.

A folder written by a program is read strictly; people's Excel is read in a friendly way, and every liberty
taken is a note. Either way all problems are collected before `BadInput` is raised; equal cases have equal
digests.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from matching.case import Case
from matching.case_format.assembly import assemble, assemble_outputs
from matching.case_format.assumptions import note_unlisted_codes, note_what_is_assumed
from matching.case_format.columns import SHEETS
from matching.case_format.friendly_gaps import fill_gaps
from matching.case_format.friendly_tables import friendly_tables
from matching.case_format.notes import Note, Notes
from matching.case_format.parameters import read_parameters, today
from matching.case_format.problems import Problems
from matching.case_format.sources import read_grids
from matching.case_format.strict_tables import strict_tables
from matching.case_format.tables import TextTable
from matching.case_format.writer import write_case
from matching.case_tables import Outputs

__all__ = ["Note", "ReadCase", "ReadLedger", "read_case", "read_ledger", "read_outputs", "write_case"]


@dataclass(frozen=True)
class ReadCase:
    """A case as read, and what was understood, assumed or set aside on the way."""

    case: Case
    notes: tuple[Note, ...]


def read_case(
    path: Path,
    *,
    friendly: bool | None = None,
    only_lanes: bool = False,
    max_distance_m: int | None = None,
    as_of: date | None = None,
    facilities_from: Path | None = None,
) -> ReadCase:
    """Return the case in a folder of CSV files, an XLSX or a CSV; raises BadInput with every problem.

    `friendly` None means: strict for a folder, friendly for a single file. The other arguments win over the
    parameters sheet; `as_of` defaults to it and then to today in Shanghai. `facilities_from` is another case
    that lends facilities, capacities, caps and (where `path` has none) parameters to the outputs of `path`.
    """
    problems, notes = Problems(), Notes()
    path = Path(path)
    texts, unread = _read_tables(path, friendly, problems, notes)
    if facilities_from is not None:
        texts, unread = _with_facilities(texts, unread, Path(facilities_from), problems, notes)
    chosen: dict[str, Any] = {}
    if only_lanes:
        chosen["only_lanes"] = True
    if max_distance_m is not None:
        chosen["max_distance_m"] = max_distance_m
    if as_of is not None:
        chosen["as_of_day"] = as_of.toordinal()
    parameters = read_parameters(texts.get("parameters"), problems, chosen)
    case = assemble(texts, parameters, problems, notes, unread, path.name)
    note_what_is_assumed(case, texts, notes)
    return ReadCase(case, notes.listed())


@dataclass(frozen=True)
class ReadLedger:
    """The outputs of a file, sorted by id, each with its row in the sheet that notes call `file`."""

    outputs: Outputs
    rows: tuple[int, ...]
    file: str
    notes: tuple[Note, ...]


def read_outputs(
    path: Path, *, friendly: bool | None = None, as_of: date | None = None
) -> tuple[Outputs, tuple[Note, ...]]:
    """Return the outputs of a ledger or case alone, sorted by id, for posting; points may be absent.

    Raises BadInput with every problem of the outputs; other sheets are not looked at.
    """
    read = read_ledger(path, friendly=friendly, as_of=as_of)
    return read.outputs, read.notes


def read_ledger(path: Path, *, friendly: bool | None = None, as_of: date | None = None) -> ReadLedger:
    """Return the outputs likewise, with the row that each stands in."""
    problems, notes = Problems(), Notes()
    path = Path(path)
    texts, unread = _read_tables(path, friendly, problems, notes)
    outputs, rows = assemble_outputs(texts, problems, notes, unread, path.name)
    note_unlisted_codes(outputs, texts, (as_of or today()), notes)
    return ReadLedger(outputs, tuple(rows), texts["outputs"].file, notes.listed())


def _read_tables(
    path: Path, friendly: bool | None, problems: Problems, notes: Notes
) -> tuple[dict[str, TextTable], set[str]]:
    """Return the sheets as texts, and the names of those that are there and cannot be read."""
    welcoming = not path.is_dir() if friendly is None else friendly
    before = len(problems)
    grids = read_grids(path, problems, notes, friendly=welcoming)
    if not grids:
        problems.add_unless_any("missing_sheet", path.name, sheet="outputs")
        problems.raise_if_any()
    if welcoming:
        texts = friendly_tables(grids, problems, notes)
        fill_gaps(texts, problems, notes)
    else:
        texts = strict_tables(grids, problems, notes)
    if not texts and not path.is_dir() and len(problems) > before:
        # Nothing of the file was read, and a problem says why: which sheets it lacks nobody can tell.
        return texts, set(SHEETS)
    return texts, {grid.name for grid in grids if not grid.readable}


def _with_facilities(
    texts: dict[str, TextTable], unread: set[str], source: Path, problems: Problems, notes: Notes
) -> tuple[dict[str, TextTable], set[str]]:
    """Return the outputs of the first case with facilities, capacities and caps of another one.

    Parameters come from the other case unless the first has its own; its lanes and proposals speak of other
    outputs.
    """
    others, others_unread = _read_tables(source, None, problems, notes)
    taken = {"facilities", "capacities", "caps"}
    for name in texts.keys() & taken:
        notes.add("sheet_not_used", texts[name].file, source=source.name)
    joined = {name: table for name, table in {**others, **texts}.items() if name == "parameters"}
    joined |= {name: texts[name] for name in ("outputs", "lanes", "proposals") if name in texts}
    joined |= {name: others[name] for name in taken & others.keys()}
    return joined, (unread - taken) | (others_unread & taken)
