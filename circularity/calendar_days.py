"""Which calendar day a moment falls on: days of the platform are those of Asia/Shanghai."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from circularity.columns import utc

DELTA_TIME = ZoneInfo("Asia/Shanghai")


def delta_day(at: datetime) -> date:
    """Return the day of a moment in Asia/Shanghai; raises ValueError for a naive one."""
    return utc(at).astimezone(DELTA_TIME).date()
