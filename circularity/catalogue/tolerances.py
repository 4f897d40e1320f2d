"""How far two sides' weights may differ, by metering and stream: settings of the platform, never law."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from circularity.catalogue.tables import Dated, closest, provenance, read_table
from circularity.catalogue.waste_types import find

ANY_STREAM = "*"


class UnknownMetering(ValueError):
    """No row of the catalogue knows this way of metering."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance(Dated):
    """A difference in ‰ of what was sent that is shown, and one, or so many kg, that is to be reported."""

    metering: str
    stream: str
    warn_permille: int
    report_permille: int
    report_kg: int | None
    note_zh: str
    note_en: str

    def judge(self, sent_kg: int, received_kg: int) -> str:
        """Return `within`, `warn` or `report`."""
        off_kg = abs(received_kg - sent_kg)
        beyond_kg = self.report_kg is not None and off_kg > self.report_kg
        if off_kg * 1000 > self.report_permille * sent_kg or beyond_kg:
            return "report"
        return "warn" if off_kg * 1000 > self.warn_permille * sent_kg else "within"


def tolerance(metering: str, waste_code: str, on: date) -> Tolerance:
    """Return the tolerance of a way of metering for a waste: its stream's own row, else that of any stream.

    Raises UnknownMetering, MalformedCode.
    """
    stream = find(waste_code, on).stream
    rows = [row for row in _tolerances() if row.metering == metering]
    for wanted in (stream, ANY_STREAM):
        row = closest((row for row in rows if row.stream == wanted), on)
        if row is not None:
            return row
    raise UnknownMetering(f"not a way of metering: {metering!r}")


def all_tolerances() -> tuple[Tolerance, ...]:
    """Return every row, as the file holds them."""
    return _tolerances()


@cache
def _tolerances() -> tuple[Tolerance, ...]:
    return tuple(
        Tolerance(
            metering=row["metering"],
            stream=row["stream"],
            warn_permille=int(row["warn_permille"]),
            report_permille=int(row["report_permille"]),
            report_kg=int(row["report_kg"]) if row["report_kg"] else None,
            note_zh=row["note_zh"],
            note_en=row["note_en"],
            **provenance(row),
        )
        for row in read_table("tolerances")
    )
