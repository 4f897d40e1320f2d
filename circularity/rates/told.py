"""Which reported figures a stranger may be told, so that no difference of two of them gives a party away.

A figure stands for enough generators (see `circularity.disclosure`); others are added up as `other`.
Tables are told of the whole Delta and a whole year only: a province's figures where it stands alone in the
table of provinces, a shorter period's where each of its months stands alone in the table of months, nothing
that crosses two tables. Bulk is told where what is not bulk stands alone too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from circularity.disclosure import OTHER, Cell, may_be_told, suppressed
from circularity.rates.formula import SCOPES, Sums
from circularity.rates.periods import Period
from circularity.rates.sums import Fold, folded, sums_by

TABLES = ("province", "stream", "month")

Tables = Mapping[str, Mapping[str, Sums]]
"""Name of a table → key → sums; small keys joined as `other`."""


@dataclass(frozen=True, slots=True)
class Told:
    """What may be told of a region and period: the scopes with figures, and the tables of the general one."""

    scopes: frozenset[str]
    tables: Tables


def told(session: Session, period: Period, region: str, *, of_few: bool = False) -> Told:
    """Return what may be told; everything with `of_few`, which is for parties that are all fictional."""
    first, last = period.first, period.last
    if of_few:
        return Told(frozenset(SCOPES), _tables(session, first=first, last=last, region=region))
    year = Period(period.year)
    rows = _tables(session, first=year.first, last=year.last)
    alone = {key: published(found) for key, found in rows.items()}
    kinds = sums_by(session, "kind", first=first, last=last, region=region)
    if not published(kinds) or not _stands(period, region, rows, alone):
        return Told(frozenset(), {})
    few = not all(may_be_told(shares_of(row)) for row in kinds.values())
    scopes = {"general"} if few or "bulk" not in kinds else set(SCOPES)
    return Told(frozenset(scopes), alone if period.is_year and not region else {})


def published(rows: Mapping[str, Sums]) -> dict[str, Sums]:
    """Return the rows that stand for enough generators, the others added up; empty where even that is few."""
    cells = {(key, "", ""): Cell(row.generated_kg, shares_of(row)) for key, row in rows.items()}
    kept = suppressed(cells)
    alone = {key: row for key, row in rows.items() if (key, "", "") in kept}
    if len(alone) == len(rows) or (OTHER, OTHER, OTHER) not in kept:
        return alone
    return alone | {OTHER: sum((row for key, row in rows.items() if key not in alone), Sums())}


def shares_of(row: Sums) -> dict[int, int]:
    """Return what each generator behind a row generated in it, kg."""
    return {organisation: row.shares.get(organisation, 0) for organisation in row.organisations}


def _tables(session: Session, **which: Any) -> Tables:
    return dict(zip(TABLES, folded(session, [Fold(key) for key in TABLES], **which), strict=True))


def _stands(period: Period, region: str, rows: Tables, alone: Tables) -> bool:
    """Tell whether a figure stands alone in the table that it is a row, or a sum of rows, of."""
    if region:
        return period.is_year and region in alone["province"]
    hidden = set(rows["month"]) - set(alone["month"])
    return period.is_year or not hidden & {f"{month:02d}" for month in period.months}
