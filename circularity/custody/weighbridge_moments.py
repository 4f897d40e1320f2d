"""When a vehicle was weighed, as the exports of weighbridges write it, by the Delta's clock.

A ticket is done with its second weighing: loaded vehicles leave gross, emptied ones tare, so of two moments
the later one counts. The same ticket thus has the same moment in the exports of both programs of one bridge.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from circularity.calendar_days import DELTA_TIME

_WRITTEN = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[ T]+(\d{1,2})[:\uff1a](\d{1,2})(?:[:\uff1a](\d{1,2}))?"
)
_CLOCK = re.compile(r"\d{1,2}[:\uff1a]\d{1,2}([:\uff1a]\d{1,2})?(\.\d+)?")
_WITHOUT_CLOCK = 10
"""So long is a day without a time, `2026-09-01`."""


def weighed_at(cell: Callable[[str], str]) -> datetime | None:
    """Return the moment of a row, of which `cell` gives the text under a name; None where none is told."""
    both = [moment for name in ("gross_time", "tare_time") if (moment := read_moment(cell(name)))]
    moments = (
        read_moment(cell("second")),
        max(both, default=None),
        read_moment(cell("time")),
        read_moment(cell("left")),
        _of_two_columns(cell("date"), cell("time")),
        read_moment(cell("date")),
    )
    return next((moment for moment in moments if moment is not None), None)


def read_moment(text: str) -> datetime | None:
    """Read `2026-09-01 08:00:00`, `2026/9/1 8:00` and their like, as the Delta's clock shows it."""
    try:
        moment = datetime.fromisoformat(text) if len(text) > _WITHOUT_CLOCK else None
        return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=DELTA_TIME)
    except ValueError:
        parts = _WRITTEN.fullmatch(text)
    if parts is None:
        return None
    try:
        return datetime(*(int(part or 0) for part in parts.groups()), tzinfo=DELTA_TIME)  # type: ignore[misc,arg-type]  # six numbers, as the pattern has them
    except ValueError:
        return None


def _of_two_columns(day: str, clock: str) -> datetime | None:
    """Join a day and a time that stand apart; a workbook shows midnight behind a mere day."""
    return read_moment(f"{day.partition(' ')[0]} {clock}") if day and _CLOCK.fullmatch(clock) else None
