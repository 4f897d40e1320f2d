"""Procedures that must be granted before a pair may ship: who decides, how long it takes, what to hand in.

Rows are data of a region, found by its longest prefix: prefecture, else province, else the nation (`00`).
Lead times that no document states are reference values with confidence L.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from circularity.catalogue.tables import Dated, closest, provenance, read_table

NATION = "00"


class UnknownProcedure(ValueError):
    """No row of the catalogue knows this kind of procedure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure(Dated):
    """One procedure of one region of origin (`province`: a prefix of two or four digits, 00 = nation).

    `lead_working_days` run from a complete filing. `validity_months` and `ship_within_days` (calendar days
    after the grant) are None where no rule limits them; with `ends_with_year` the grant also ends on
    31 December. `whitelisted` rows hold for receivers on a white list. `legal_key` leads to `legal`.
    """

    kind: str
    province: str
    level: str
    authority_zh: str
    authority_en: str
    lead_working_days: int
    validity_months: int | None
    ends_with_year: bool
    ship_within_days: int | None
    whitelisted: bool
    hand_in_zh: str
    hand_in_en: str
    legal_key: str


def find(kind: str, origin_region: str, on: date, whitelisted: bool = False) -> Procedure:
    """Return the procedure for waste leaving `origin_region` (code or prefix); raises UnknownProcedure.

    Where no white-list variant exists, the ordinary procedure is returned. A row in force goes before any
    that is not, however near its place; on a day without one the nearest in time answers.
    """
    of_kind = [row for row in _procedures() if row.kind == kind]
    for rows in ([row for row in of_kind if row.holds(on)], of_kind):
        for wanted in (True, False) if whitelisted else (False,):
            for prefix in (origin_region[:4], origin_region[:2], NATION):
                row = closest((p for p in rows if (p.province, p.whitelisted) == (prefix, wanted)), on)
                if row is not None:
                    return row
    raise UnknownProcedure(f"not a kind of procedure: {kind!r}")


def all_procedures() -> tuple[Procedure, ...]:
    """Return every row, as the files hold them."""
    return _procedures()


def add_working_days(day: date, n: int) -> date:
    """Return the n-th working day after `day`, Monday to Friday; `day` itself for n = 0.

    Public holidays and make-up working days are not known here, so real dates are rather later.
    Raises ValueError for negative n.
    """
    if n < 0:
        raise ValueError(f"working days must not be negative: {n}")
    weeks, rest = divmod(n, 5)
    if n and day.weekday() >= 5:  # counting starts from the Friday before, where weeks are whole
        day -= timedelta(days=day.weekday() - 4)
    day += timedelta(weeks=weeks)
    return day + timedelta(days=rest + 2 if day.weekday() + rest > 4 and rest else rest)


def working_days_before(day: date, n: int) -> date:
    """Return the latest day from which `day` is at least n working days away, Monday to Friday."""
    found = day - timedelta(days=n + 2 * (n // 5))
    while add_working_days(found, n) > day:
        found -= timedelta(days=1)
    return found


def last_day(procedure: Procedure, granted_on: date, wanted_to: date, entitled_to: date | None) -> date:
    """Return the last day of a grant: never past its months, its year, what is asked for, or the licence."""
    ends = [wanted_to]
    if procedure.validity_months is not None:
        ends.append(_months_later(granted_on, procedure.validity_months))
    if procedure.ends_with_year:
        ends.append(date(granted_on.year, 12, 31))
    if entitled_to is not None:
        ends.append(entitled_to)
    return min(ends)


def _months_later(day: date, months: int) -> date:
    """Return the day before the same day so many months later; a month without it ends earlier."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last)) - timedelta(days=1 if day.day <= last else 0)


@cache
def _procedures() -> tuple[Procedure, ...]:
    return tuple(
        Procedure(
            kind=row["kind"],
            province=row["province"],
            level=row["level"],
            authority_zh=row["authority_zh"],
            authority_en=row["authority_en"],
            lead_working_days=int(row["lead_working_days"]),
            validity_months=_optional(row["validity_months"]),
            ends_with_year=row["ends_with_year"] == "1",
            ship_within_days=_optional(row["ship_within_days"]),
            whitelisted=row["whitelisted"] == "1",
            hand_in_zh=row["hand_in_zh"],
            hand_in_en=row["hand_in_en"],
            legal_key=row["legal_key"],
            **provenance(row),
        )
        for row in read_table("procedures")
    )


def _optional(text: str) -> int | None:
    return int(text) if text else None
