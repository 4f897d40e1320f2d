"""Sums for the rates, read from the moves of the mass ledger; nothing else is asked, no status, no field.

What a move counts as is said in `rates.moves`. It is credited to the site that generated the mass,
in its region, on the day of its group. A reversal counts with the opposite sign, on its own day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, extract, func, select
from sqlalchemy.orm import Session, aliased

from circularity.catalogue import utilisation, waste_types
from circularity.catalogue.waste_codes import kind_of
from circularity.ledger.mass import MassAccount, MassGroup, MassMove
from circularity.organisations import Organisation, Site
from circularity.rates.formula import SCOPES, Sums, in_scope
from circularity.rates.moves import BASES, Factors, factors_of

__all__ = ["BASES", "KEYS", "Fold", "booked_years", "folded", "sums", "sums_by"]

KEYS = ("province", "city", "stream", "month", "organisation", "kind")
"""What sums may be told apart by; `kind` is bulk or other."""


@dataclass(frozen=True, slots=True)
class Fold:
    """One way to add up: told apart by one of KEYS or "", for a scope, on one of BASES."""

    key: str = ""
    scope: str = "general"
    basis: str = "acceptance"


@dataclass(frozen=True, slots=True)
class _Row:
    """Mass of like moves in kg, negative where they were reversed; `on` is the day rules are asked for."""

    organisation_id: int
    organisation: str
    region_code: str
    waste_code: str
    month: int
    event: str
    leg: str
    operation: str
    is_old: bool
    mass_kg: int
    on: date


@dataclass(frozen=True, slots=True)
class _Kind:
    """What the rates ask of a waste code."""

    hazardous: bool
    stream: str
    scopes: frozenset[str]


class _Kinds(dict[str, _Kind]):
    """The kind of every waste code on a day, each asked of the catalogue once."""

    def __init__(self, on: date) -> None:
        super().__init__()
        self.on = on

    def __missing__(self, code: str) -> _Kind:
        scopes = frozenset(scope for scope in SCOPES if in_scope(code, scope, self.on))
        found = _Kind(waste_types.is_hazardous(code), waste_types.find(code, self.on).stream, scopes)
        self[code] = found
        return found


class _Totals:
    """The sums of one fold while they grow."""

    def __init__(self) -> None:
        self._masses: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._behind: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))

    def add(self, key: str, row: _Row, factors: Factors) -> None:
        """Count a row under a key."""
        self._behind[key][row.organisation_id] += sum(
            factor * row.mass_kg for name, factor in factors if name == "generated_kg"
        )
        masses = self._masses[key]
        for name, factor in factors:
            masses[name] += factor * row.mass_kg

    def sums(self) -> dict[str, Sums]:
        """Return what has been counted, sorted by key."""
        behind = self._behind
        return {
            key: Sums(**self._masses[key], organisations=frozenset(behind[key]), shares=dict(behind[key]))
            for key in sorted(behind)
        }


def sums(session: Session, **which: Any) -> Sums:
    """Return the sums of `first` to `last`, two days; arguments as for `sums_by`."""
    return sums_by(session, "", **which).get("", Sums())


def sums_by(
    session: Session, key: str, *, scope: str = "general", basis: str = "acceptance", **which: Any
) -> dict[str, Sums]:
    """Return sums by one of KEYS, or all under "" for an empty key; further arguments as for `folded`."""
    return folded(session, [Fold(key, scope, basis)], **which)[0]


def folded(  # noqa: PLR0913 - each filter stands for itself
    session: Session,
    folds: Sequence[Fold],
    *,
    first: date,
    last: date,
    region: str = "",
    stream: str | None = None,
    organisation: str | None = None,
    sites: Collection[str] = (),
    wastes: Collection[str] = (),
) -> list[dict[str, Sums]]:
    """Return the sums of several folds, each sorted by its key, from one reading of the ledger.

    `region` is a prefix of the generating site's region code; `organisation` and `sites` are public ids,
    `wastes` kinds such as SW07; none of them = all.
    """
    where = [Site.region_code.startswith(region, autoescape=True)]
    where += [Organisation.public_id == organisation] if organisation is not None else []
    where += [Site.public_id.in_(sites)] if sites else []
    totals = [_Totals() for _ in folds]
    by_month = any(fold.key == "month" for fold in folds)
    for start, end in _spans(first, last):
        kinds = _Kinds(start)
        for row in _rows(session, start, end, where, by_month=by_month):
            kind = kinds[row.waste_code]
            if not kind.scopes or stream not in (None, kind.stream):
                continue
            if wastes and kind_of(row.waste_code) not in wastes:
                continue
            for fold, total in zip(folds, totals, strict=True):
                if fold.scope in kind.scopes:
                    total.add(_key(row, kind, fold.key), row, _factors(row, kind, fold.basis))
    return [total.sums() for total in totals]


def booked_years(session: Session) -> list[int]:
    """Return the calendar years from the first to the last in which mass was booked, newest first."""
    first, last = session.execute(select(func.min(MassGroup.on_day), func.max(MassGroup.on_day))).one()
    return list(range(last.year, first.year - 1, -1)) if first else []


def _spans(first: date, last: date) -> list[tuple[date, date]]:
    """Cut a period where a year begins (what is old changes) and where what counts as utilisation changes."""
    years = [date(year, 1, 1) for year in range(first.year + 1, last.year + 1)]
    starts = sorted({first, *years, *utilisation.changes(first, last)})
    ends = [*(start - timedelta(days=1) for start in starts[1:]), last]
    return list(zip(starts, ends, strict=True))


def _rows(
    session: Session, first: date, last: date, where: Sequence[ColumnElement[bool]], *, by_month: bool
) -> Iterator[_Row]:
    """Yield the mass that moved in a span, added up by account first: moves are many, accounts are few."""
    undone = aliased(MassGroup)
    event = func.coalesce(undone.event, MassGroup.event).label("event")
    is_undone = MassGroup.reverses_id.is_not(None).label("back")
    months = (extract("month", MassGroup.on_day).label("month"),) if by_month else ()
    keys = (MassMove.target_id, event, MassMove.leg, MassMove.operation, is_undone, *months)
    moved = (
        select(*keys, func.sum(MassMove.mass_kg).label("mass_kg"))
        .select_from(MassGroup)
        .join(MassMove, MassMove.group_id == MassGroup.id)
        .outerjoin(undone, MassGroup.reverses_id == undone.id)
        .where(MassGroup.on_day.between(first, last))
        .group_by(*keys)
        .subquery()
    )
    wanted = (
        select(
            moved, MassAccount.waste_code, MassAccount.vintage, Site.region_code, Organisation.id,
            Organisation.public_id,
        )
        .join(MassAccount, moved.c.target_id == MassAccount.id)
        .join(Site, MassAccount.origin_site_id == Site.id)
        .join(Organisation, Site.organisation_id == Organisation.id)
        .where(*where)
    )  # fmt: skip
    for (
        _,
        event_,
        leg,
        operation,
        back,
        *month,
        mass_kg,
        code,
        vintage,
        place,
        number,
        name,
    ) in session.execute(wanted):
        at = int(month[0]) if month else first.month
        kg = -int(mass_kg) if back else int(mass_kg)
        yield _Row(number, name, place, code, at, event_, leg, operation, vintage < first.year, kg, first)


def _key(row: _Row, kind: _Kind, key: str) -> str:
    if key == "province":
        return row.region_code[:2]
    if key == "city":
        return row.region_code[:4]
    if key == "month":
        return f"{row.month:02d}"
    if key == "stream":
        return kind.stream
    if key == "kind":
        return "bulk" if "bulk" in kind.scopes else "other"
    return row.organisation if key == "organisation" else ""


def _factors(row: _Row, kind: _Kind, basis: str) -> Factors:
    return factors_of(row.event, row.leg, row.operation, kind.hazardous, row.is_old, row.on, basis)
