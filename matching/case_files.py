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
from matching.case_assembly import assemble
from matching.case_messages import Note, Problems
from matching.case_parameters import read_parameters
from matching.case_sources import read_grids
from matching.case_writer import write_case
from matching.strict_tables import strict_tables

__all__ = ["Note", "ReadCase", "read_case", "write_case"]


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
    parameters sheet; `as_of` defaults to it and then to today in Shanghai.
    """
    problems = Problems()
    notes: list[Note] = []
    welcoming = not path.is_dir() if friendly is None else friendly
    grids = read_grids(path, problems, friendly=welcoming)
    texts = strict_tables(grids, problems)
    if not grids:
        problems.raise_if_any()
    unread = {grid.name for grid in grids if not grid.readable}
    chosen: dict[str, Any] = {}
    if only_lanes:
        chosen["only_lanes"] = True
    if max_distance_m is not None:
        chosen["max_distance_m"] = max_distance_m
    if as_of is not None:
        chosen["as_of_day"] = as_of.toordinal()
    parameters = read_parameters(texts.get("parameters"), problems, chosen)
    case = assemble(texts, parameters, problems, unread, path.name)
    return ReadCase(case, tuple(notes))
