"""Sums for the rates, read from the moves of the mass ledger; nothing else is asked, no status, no field.

A move is classified by its event and leg, by its operation under the dated table of what counts, and by its
vintage. It is credited to the site that generated the mass, in its region, on the day of its group. A
reversal counts the same way with the opposite sign, on its own day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import extract, func, select
from sqlalchemy.orm import Session, aliased

from circularity.catalogue import operations, utilisation, waste_types
from circularity.catalogue.operations import UnknownOperation
from circularity.mass import MassAccount, MassGroup, MassMove
from circularity.organisations import Organisation, Site
from circularity.postings import POSTINGS
from circularity.rate_formula import Sums, in_scope

BASES = ("acceptance", "treatment")
"""When mass counts as used: when a utiliser accepts it (statistical), or when it is treated (strict)."""

KEYS = ("province", "city", "stream", "month", "organisation", "kind")
"""What sums may be told apart by; `kind` is bulk or other."""

_STOCKS = frozenset({"on_site", "reserved", "in_transit"})
_EVIDENCE = {
    "own_utilised": "own_use",
    "own_disposed": "own_use",
    "off_platform_utilised": "declared",
    "off_platform_disposed": "declared",
    "received": "receipts",
    "utilised": "receipts",
    "disposed": "receipts",
    "process_loss": "receipts",
}
"""Kind that mass ends in → what shows it."""

_UNSAID = {"own_utilised": "utilised", "off_platform_utilised": "utilised", "utilised": "utilised",
           "own_disposed": "disposed", "off_platform_disposed": "disposed", "disposed": "disposed",
           "received": "", "process_loss": ""}  # fmt: skip
"""What a kind means where no operation says more."""


@dataclass(frozen=True, slots=True)
class _Row:
    """Mass of like moves in kg, negative where they were reversed; `on` is the day rules are asked for."""

    organisation_id: int
    organisation: str
    region_code: str
    waste_code: str
    vintage: int
    month: int
    event: str
    leg: str
    operation: str
    mass_kg: int
    on: date

    @property
    def is_old(self) -> bool:
        """Whether the mass was generated before the year that it moved in."""
        return self.vintage < self.on.year


def sums(session: Session, **which: Any) -> Sums:
    """Return the sums of `first` to `last`, two days; arguments as for `sums_by`."""
    return sums_by(session, "", **which).get("", Sums())


def sums_by(  # noqa: PLR0913 - every filter is named
    session: Session,
    key: str,
    *,
    first: date,
    last: date,
    region: str = "",
    scope: str = "general",
    basis: str = "acceptance",
    stream: str | None = None,
    organisation: str | None = None,
) -> dict[str, Sums]:
    """Return sums by one of KEYS, or all under "" for an empty key, sorted by key.

    `region` is a prefix of the generating site's region code, `organisation` a public id.
    """
    masses: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    behind: dict[str, set[int]] = defaultdict(set)
    for start, end in _spans(first, last):
        for row in _rows(session, start, end, region, organisation, by_month=key == "month"):
            if not _wanted(row, scope, stream):
                continue
            place = _key(row, key)
            behind[place].add(row.organisation_id)
            for name, mass_kg in _counted(row, basis):
                masses[place][name] += mass_kg
    return {place: Sums(**masses[place], organisations=frozenset(behind[place])) for place in sorted(behind)}


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
    session: Session, first: date, last: date, region: str, organisation: str | None, *, by_month: bool
) -> Iterator[_Row]:
    undone = aliased(MassGroup)
    is_undone = MassGroup.reverses_id.is_not(None)
    event = func.coalesce(undone.event, MassGroup.event)
    of_site = (Organisation.id, Organisation.public_id, Site.region_code)
    of_mass = (MassAccount.waste_code, MassAccount.vintage)
    months = (extract("month", MassGroup.on_day),) if by_month else ()
    keys = (*of_site, *of_mass, event, MassMove.leg, MassMove.operation, is_undone, *months)
    wanted = (
        select(func.sum(MassMove.mass_kg), *keys)
        .select_from(MassGroup)
        .join(MassMove, MassMove.group_id == MassGroup.id)
        .join(MassAccount, MassMove.target_id == MassAccount.id)
        .join(Site, MassAccount.origin_site_id == Site.id)
        .join(Organisation, Site.organisation_id == Organisation.id)
        .outerjoin(undone, MassGroup.reverses_id == undone.id)
        .where(MassGroup.on_day.between(first, last), Site.region_code.startswith(region, autoescape=True))
        .group_by(*keys)
    )
    if organisation is not None:
        wanted = wanted.where(Organisation.public_id == organisation)
    for total, number, name, place, code, vintage, said, leg, operation, back, *month in session.execute(
        wanted
    ):
        mass_kg = -int(total) if back else int(total)
        at = int(month[0]) if month else first.month
        yield _Row(number, name, place, code, vintage, at, said, leg, operation, mass_kg, first)


def _wanted(row: _Row, scope: str, stream: str | None) -> bool:
    return in_scope(row.waste_code, scope, row.on) and stream in (None, _stream(row))


def _stream(row: _Row) -> str:
    return waste_types.find(row.waste_code, row.on).stream


def _key(row: _Row, key: str) -> str:
    if key == "province":
        return row.region_code[:2]
    if key == "city":
        return row.region_code[:4]
    if key == "month":
        return f"{row.month:02d}"
    if key == "stream":
        return _stream(row)
    if key == "kind":
        return "bulk" if in_scope(row.waste_code, "bulk", row.on) else "other"
    return row.organisation if key == "organisation" else ""


def _counted(row: _Row, basis: str) -> Iterable[tuple[str, int]]:
    """Yield (name of a sum, kg) for everything that a row adds to."""
    source, target = POSTINGS[row.event][row.leg]
    stocks = _STOCKS if basis == "acceptance" else _STOCKS | {"received"}
    yield "generated_kg", row.mass_kg * ((source == "generated") - (target == "generated"))
    if not row.is_old:
        # Stock of this very year, found when the platform began, was generated this year.
        yield "generated_kg", row.mass_kg if source == "opening" else 0
        yield "stored_kg", row.mass_kg * ((target in stocks) - (source in stocks))
        yield "difference_kg", -row.mass_kg if source == "variance" else 0
    if source == "received" and basis == "acceptance":
        return  # counted when it was accepted
    yield from _ended(row, target, basis)


def _ended(row: _Row, target: str, basis: str) -> Iterable[tuple[str, int]]:
    """Yield what a row adds to the sums of mass that is used, disposed of, or gone otherwise."""
    if target in _EVIDENCE and (target != "received" or basis == "acceptance"):
        outcome = _outcome(row, target)
        if outcome:
            yield f"{outcome}_kg", row.mass_kg
            yield f"{outcome}_old_kg", row.mass_kg if row.is_old else 0
            if outcome == "utilised":
                yield f"{_EVIDENCE[target]}_kg", row.mass_kg
        elif not row.is_old:
            yield ("stored_kg" if target == "received" else "difference_kg"), row.mass_kg
    elif target == "discarded":
        yield "discarded_kg", row.mass_kg
        yield "discarded_old_kg", row.mass_kg if row.is_old else 0
    elif target == "residue" and not row.is_old:
        yield "residue_kg", row.mass_kg
    elif target in ("variance", "moisture_loss") and not row.is_old:
        yield "difference_kg", row.mass_kg


def _outcome(row: _Row, target: str) -> str:
    """Return utilised, disposed, or "" for neither (storage): by the operation on that day, else by the kind.

    A generator's word that it used its waste does not make a landfill a use.
    """
    hazardous = waste_types.is_hazardous(row.waste_code)
    try:
        if utilisation.counts(hazardous, row.operation, row.on):
            return "disposed" if _UNSAID[target] == "disposed" else "utilised"
        return "" if operations.get(row.operation).group == "storage" else "disposed"
    except UnknownOperation:
        return _UNSAID[target]
