"""The periods that rates are told for: a calendar year, a quarter or a month of it."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from circularity.fields import Checks


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar year, or a quarter or a month of one."""

    year: int
    quarter: int | None = None
    month: int | None = None

    @property
    def months(self) -> tuple[int, ...]:
        """The months it is made of."""
        if self.month is not None:
            return (self.month,)
        if self.quarter is not None:
            return tuple(range(3 * self.quarter - 2, 3 * self.quarter + 1))
        return tuple(range(1, 13))

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.months[0], 1)

    @property
    def last(self) -> date:
        """Its last day."""
        month = self.months[-1]
        return date(self.year, month, monthrange(self.year, month)[1])

    @property
    def is_year(self) -> bool:
        """Whether it is a whole year, which is what statistics and targets are about."""
        return len(self.months) == 12


def period_of(year: int, *, quarter: int | None = None, month: int | None = None) -> Period:
    """Return a period; raises BadInput for one that no calendar has, or a quarter and a month together."""
    checks = Checks("period")
    checks.whole("year", year, 2000, 2200)
    checks.maybe("quarter", quarter, 1, 4)
    checks.maybe("month", month, 1, 12)
    if quarter is not None and month is not None:
        checks.refuse("month", "excluded", month, "季度和月份只能选一个", "either a quarter or a month")
    checks.finish()
    return Period(year, quarter, month)
