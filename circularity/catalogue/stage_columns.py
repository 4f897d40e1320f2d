"""What the record of each stage of hazardous waste asks for, and what its columns are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from circularity.catalogue.tables import Dated, provenance, read_table, split_list

STAGES: Mapping[str, tuple[str, str]] = {
    "generated": ("产生环节", "generation"),
    "stored": ("入库环节", "storing"),
    "taken_out": ("出库环节", "taking out"),
    "own": ("自行利用处置环节", "own use or disposal"),
    "entrusted": ("委外利用处置环节", "entrusted use or disposal"),
}
"""Stage → its name in Chinese and English, in the order of the standard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageColumn(Dated):
    """One column of one stage's record: the fact it tells, our heading, further headings read."""

    stage: str
    fact: str
    name_zh: str
    name_en: str
    read_as: tuple[str, ...]


@cache
def columns_of(stage: str) -> Mapping[str, StageColumn]:
    """Return the columns of a stage by the fact that each tells, in their order; none for an unknown one."""
    return {row.fact: row for row in all_columns() if row.stage == stage}


@cache
def all_columns() -> tuple[StageColumn, ...]:
    """Return every row, as the file holds them."""
    return tuple(
        StageColumn(
            **{name: row[name] for name in ("stage", "fact", "name_zh", "name_en")},
            read_as=split_list(row["read_as"]),
            **provenance(row),
        )
        for row in read_table("stage_columns")
    )
