"""From which day to which day a pair may ship, once the procedures of its conditions have been granted.

Procedures run side by side, so the longest lead time decides. A grant is dated for the first day it is
needed: its validity and its shipping deadline run from the pair's earliest day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from circularity.acceptance.columns import BoolArray
from circularity.acceptance.pairs import OPEN_DAY, Pairs
from circularity.catalogue import procedures
from circularity.units import MISSING, IntArray


@dataclass(frozen=True)
class Terms:
    """Terms of one procedure, by place of origin and (0 or 1) whether a whitelist entry applies.

    `ready_day` is the first day after the lead time; the others are MISSING where the grant has no such end.
    """

    ready_day: IntArray
    validity_months: IntArray
    ship_within_days: IntArray
    ends_with_year: BoolArray


@dataclass(frozen=True)
class Wait:
    """The pairs that need one procedure: their positions, and its terms for each of them."""

    rows: IntArray
    terms: Terms


def shipping_days(pairs: Pairs, procedure_kinds: tuple[str, ...]) -> tuple[IntArray, IntArray]:
    """Return the earliest and the latest shipping day of each pair; OPEN_DAY where nothing ends it.

    Bit k of `pairs.conditions` asks for procedure k of `procedure_kinds`. The latest day can lie before the
    earliest: then no day is left.
    """
    earliest, latest = pairs.entitled_window()
    if pairs.conditions is None:
        raise ValueError("shipping days need the conditions of the pairs")
    asked = int(np.bitwise_or.reduce(pairs.conditions))
    waits = [
        _wait(pairs, np.flatnonzero(pairs.conditions >> k & 1), kind)
        for k, kind in enumerate(procedure_kinds)
        if asked >> k & 1
    ]
    for wait in waits:
        earliest[wait.rows] = np.maximum(earliest[wait.rows], wait.terms.ready_day)
    for wait in waits:
        latest[wait.rows] = np.minimum(latest[wait.rows], _end_of_grant(earliest[wait.rows], wait.terms))
    return earliest, latest


def _wait(pairs: Pairs, rows: IntArray, kind: str) -> Wait:
    tables = pairs.tables
    i, j = pairs.i[rows], pairs.j[rows]
    listed = tables.whitelisted.at(i, j).astype(np.int64)
    held = _terms(kind, tables.outputs.regions.different, tables.as_of_day)
    here = (tables.outputs.regions.row[i], listed)
    ship_within = held.ship_within_days[here]
    if kind == "hazardous_approval":
        own = tables.capacities.ship_within_days[j]
        ship_within = np.where((listed == 1) & (own != MISSING), own, ship_within)
    terms = Terms(held.ready_day[here], held.validity_months[here], ship_within, held.ends_with_year[here])
    return Wait(rows, terms)


def _end_of_grant(granted: IntArray, terms: Terms) -> IntArray:
    """Return the last day of grants dated `granted`: validity, end of the year and shipping deadline."""
    months = terms.validity_months
    last = np.where(
        months == MISSING, OPEN_DAY, _months_later(granted, np.where(months == MISSING, 0, months)) - 1
    )
    last = np.where(terms.ends_with_year, np.minimum(last, _end_of_year(granted)), last)
    within = terms.ship_within_days
    return np.where(
        within == MISSING, last, np.minimum(last, granted + np.where(within == MISSING, 0, within))
    )


@lru_cache(maxsize=64)
def _terms(kind: str, places: tuple[str, ...], as_of_day: int) -> Terms:
    """Return the terms of a procedure for every place of origin, each with and without a whitelist entry."""
    on = date.fromordinal(as_of_day)
    rows = [[procedures.find(kind, place, on, listed) for listed in (False, True)] for place in places]

    def column(values: list[list[int | None]]) -> IntArray:
        plain = [[MISSING if value is None else value for value in pair] for pair in values]
        return np.array(plain, dtype=np.int64).reshape(len(places), 2)

    ready = [
        [procedures.add_working_days(on, p.lead_working_days).toordinal() for p in pair] for pair in rows
    ]
    return Terms(
        ready_day=np.array(ready, dtype=np.int64).reshape(len(places), 2),
        validity_months=column([[p.validity_months for p in pair] for pair in rows]),
        ship_within_days=column([[p.ship_within_days for p in pair] for pair in rows]),
        ends_with_year=np.array([[p.ends_with_year for p in pair] for pair in rows], dtype=bool).reshape(
            -1, 2
        ),
    )


_EPOCH = date(1970, 1, 1).toordinal()


def _months_later(days: IntArray, months: IntArray) -> IntArray:
    """Return the same day of the month that many months on, or that month's last day where it is shorter."""
    start = (days - _EPOCH).astype("datetime64[D]")
    month = start.astype("datetime64[M]")
    target = month + months
    last = (target + 1).astype("datetime64[D]") - 1
    moved = np.minimum(target.astype("datetime64[D]") + (start - month.astype("datetime64[D]")), last)
    later: IntArray = moved.astype(np.int64) + _EPOCH
    return later


def _end_of_year(days: IntArray) -> IntArray:
    year = (days - _EPOCH).astype("datetime64[D]").astype("datetime64[Y]")
    last: IntArray = ((year + 1).astype("datetime64[D]") - 1).astype(np.int64) + _EPOCH
    return last
