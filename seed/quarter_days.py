"""The days of the quarter that the story looks back on, and moments on them by the Delta's clock."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from seed.cast import DELTA_TIME

DAY = timedelta(days=1)
_BOOKS_SETTLE = timedelta(days=14)
"""So long after a month generators still close it; a quarter that ended later is not told yet."""


def moment(day: date, hour: int, minute: int = 0) -> datetime:
    """Return a moment of a day in the Delta, in UTC."""
    return datetime.combine(day, time(hour, minute), DELTA_TIME).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Quarter:
    """A calendar quarter, from `first` to `last`, and all days since up to the story's today."""

    first: date
    last: date
    today: date

    @classmethod
    def before(cls, today: date) -> Quarter:
        """Return the last quarter whose books can be closed by that day."""
        settled = today - _BOOKS_SETTLE
        running = date(settled.year, settled.month - (settled.month - 1) % 3, 1)
        last = running - DAY
        return cls(date(last.year, last.month - 2, 1), last, today)

    @property
    def opening(self) -> datetime:
        """When the parties register, some days before the quarter begins."""
        return moment(self.first - 6 * DAY, 10)

    @property
    def yesterday(self) -> date:
        """The last day on which the lots of the time told are available."""
        return self.today - DAY

    @property
    def number(self) -> int:
        """Which quarter of its year it is."""
        return (self.first.month + 2) // 3

    def over_months(self) -> list[tuple[date, date]]:
        """Return first and last day of each month that is over long enough to be closed, the first first."""
        months: list[tuple[date, date]] = []
        first = self.first
        while True:
            last = first.replace(day=monthrange(first.year, first.month)[1])
            if last + 9 * DAY >= self.today:
                return months
            months.append((first, last))
            first = last + DAY
