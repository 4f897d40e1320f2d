"""Reading the reference tables: every row tells its source, how sure it is, and on which days it holds."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from io import StringIO
from typing import TextIO, TypedDict, TypeVar


class Provenance(TypedDict):
    """The columns that every reference table ends with, parsed."""

    source: str
    confidence: str
    verified: bool
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A sourced row that holds on a closed interval of calendar days; None = unbounded.

    `source` is a document with its address where one is known. `confidence` is H, M or L; `verified` says
    that somebody read the row in that source, so pages badge the others 未核实.
    """

    source: str
    confidence: str
    verified: bool
    valid_from: date | None
    valid_to: date | None

    def holds(self, on: date) -> bool:
        """Return whether `on` lies between the row's days, both included."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_to is None or on <= self.valid_to
        )

    def days_from(self, on: date) -> int:
        """Return how many days `on` lies outside the row's validity; 0 inside."""
        if self.valid_from is not None and on < self.valid_from:
            return (self.valid_from - on).days
        if self.valid_to is not None and on > self.valid_to:
            return (on - self.valid_to).days
        return 0


Row = TypeVar("Row", bound=Dated)


def read_table(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of `data/<name>.csv` as texts by column."""
    text = (files("circularity.catalogue") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    yield from read_rows(StringIO(text))


def read_rows(stream: TextIO) -> Iterator[dict[str, str]]:
    """Yield the rows of an open CSV table as texts by column."""
    yield from csv.DictReader(stream, strict=True)


def provenance(row: Mapping[str, str]) -> Provenance:
    """Return the parsed provenance columns of a row; raises ValueError where one is not of its kind."""
    if row["confidence"] not in {"H", "M", "L"} or row["verified"] not in {"0", "1"} or not row["source"]:
        raise ValueError(f"a row without provenance: {dict(row)}")
    return {
        "source": row["source"],
        "confidence": row["confidence"],
        "verified": row["verified"] == "1",
        "valid_from": parse_day(row["valid_from"]),
        "valid_to": parse_day(row["valid_to"]),
    }


def parse_day(text: str) -> date | None:
    """Return an ISO date, None for the empty text; raises ValueError otherwise."""
    return date.fromisoformat(text) if text else None


def split_list(text: str) -> tuple[str, ...]:
    """Return the members of a `;`-separated cell."""
    return tuple(part for part in text.split(";") if part)


def closest(rows: Iterable[Row], on: date) -> Row | None:
    """Return the row that holds on `on`, or else the one whose validity lies nearest; None without rows."""
    return min(rows, key=lambda row: row.days_from(on), default=None)
