"""A party's ledger as rows that drafts are made of: read in a process that can be stopped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from circularity.registry.drafts import LedgerRow
from web.tryout.runner import in_process

MAX_BYTES = 10_000_000
_READER = "web.tryout.ledger_process"
_DAYS = ("available_from", "available_to", "storage_since")


@dataclass(frozen=True, slots=True)
class ReadLedger:
    """The rows of a file as they were understood, and what concerns no single row of it."""

    file: str
    rows: list[LedgerRow]
    notes: list[dict[str, Any]]


def read_rows(file: Path) -> ReadLedger:
    """Return what a ledger says; raises what `in_process` raises."""
    read = in_process(_READER, file)
    rows = [LedgerRow(row["line"], _said(row["terms"]), row["notes"]) for row in read["rows"]]
    return ReadLedger(file.name, rows, read["notes"])


def _said(terms: dict[str, Any]) -> dict[str, Any]:
    """Return the terms of a row as verbs take them."""
    return terms | {name: date.fromisoformat(terms[name]) for name in _DAYS if name in terms}
