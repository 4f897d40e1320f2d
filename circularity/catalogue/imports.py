"""Taking an official waste list in: every row is checked, then the overlay is replaced at once or not at all.

Columns (Chinese or English header): code, name, and if the list has them English name, hazard properties and
other names. What a row leaves open is as the built-in row of that code has it, or else as its kind has it.
A list may bring kinds that the catalogue lacks, as rows with a kind for a code (`SW84`).
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from circularity.catalogue.list_checks import ListRow, check_rows
from circularity.catalogue.list_files import read_list
from circularity.catalogue.overlay import COLUMNS, FILE_NAME, Overlay
from circularity.catalogue.waste_lists import lists_with


@dataclass(frozen=True)
class ImportReport:
    """What an import did: rows read, codes that the catalogue had already or gained, and where it lies.

    `kept` counts the rows of earlier imports that this list does not name and that stay.
    """

    rows: int
    replaced: int
    added: int
    kept: int
    path: Path


def import_official_list(
    path: Path, into: Path, *, source: str | None = None, valid_from: date | None = None
) -> ImportReport:
    """Read the list at `path` (CSV or XLSX) and make its rows the verified rows of their codes in `into`.

    `source` names the document, the file's name where it is None; `valid_from` is the first day of the
    edition, None = unbounded. Raises BadInput with every problem and its row, and then writes nothing.
    """
    rows = check_rows(path.name, read_list(path))
    target = into / FILE_NAME
    built_in = lists_with(None)
    earlier = _earlier(target)
    merged = dict(earlier)
    day = valid_from.isoformat() if valid_from else ""
    for row in rows:
        merged[row.code] = _overlay_row(row, source or path.name, day)
    _write_atomically(target, [merged[code] for code in sorted(merged)])
    known = {row.code for row in rows if row.code in built_in.codes or row.code in built_in.kinds}
    return ImportReport(
        rows=len(rows),
        replaced=len(known),
        added=len(rows) - len(known),
        kept=len(set(earlier) - {row.code for row in rows}),
        path=target,
    )


def _earlier(target: Path) -> dict[str, Mapping[str, str]]:
    """Return the rows that earlier imports left, by code."""
    if not target.exists():
        return {}
    state = target.stat()
    return {row["code"]: row for row in Overlay(target, state.st_mtime_ns, state.st_size).rows()}


def _overlay_row(row: ListRow, source: str, valid_from: str) -> Mapping[str, str]:
    """Return the row as the overlay keeps it, completed from the built-in row of its code."""
    lists = lists_with(None)
    table = lists.codes.get(row.code) or lists.kinds.get(row.code)
    known = table[-1] if table else None
    return {
        "code": row.code,
        "name_zh": row.name_zh,
        "name_en": row.name_en or (known.name_en if known else ""),
        "stream": known.stream if known else "",
        "hazard_properties": row.hazard_properties or (known.hazard_properties if known else ""),
        "industrial": _flag(known.industrial if known else None, row.code),
        "bulk": _flag(known.bulk if known else None, ""),
        "note": known.note if known else "",
        "aliases": ";".join(row.aliases),
        "source": source,
        "confidence": "H",
        "verified": "1",
        "valid_from": valid_from,
        "valid_to": "",
    }


def _flag(known: bool | None, code: str) -> str:
    """Return the scope flag of a row; an unknown kind is industrial where the list's own ranges say so."""
    if known is not None:
        return str(int(known))
    return "1" if code.startswith("SW") and code[2:] <= "59" else ""


def _write_atomically(target: Path, rows: list[Mapping[str, str]]) -> None:
    """Replace the overlay by these rows; a reader sees the old file or the new one, never half of one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{FILE_NAME}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
