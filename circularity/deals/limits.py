"""What the limits are that an agreement falls under, as their subjects state them now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from circularity.deals.ceilings import ANY_YEAR
from circularity.errors import RuleBroken
from circularity.registry.entitlements import (
    LINE_GROUP_MEMBERS,
    CapacityWindow,
    Entitlement,
    EntitlementLine,
    Facility,
    LineGroup,
)
from circularity.registry.outputs import Output
from circularity.units import format_tonnes
from circularity.whitelist import ProcedureGrant, WhitelistEntry

Subject = (
    Output
    | CapacityWindow
    | EntitlementLine
    | LineGroup
    | Entitlement
    | Facility
    | WhitelistEntry
    | ProcedureGrant
)

ANNUAL = ("line", "group", "entitlement", "facility")
"""The kinds of limit that count per calendar year."""


class Limits:
    """Limits in kg; what windows took elsewhere in a year is read once for all limits of a facility."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._elsewhere: dict[tuple[int, int], Sequence[Any]] = {}

    def of(self, kind: str, subject: Subject, year: int = ANY_YEAR) -> int | None:
        """Return a limit, None for none; of a year less what windows of that year took elsewhere."""
        match subject:
            case Output():
                return subject.mass_kg
            case CapacityWindow():
                return subject.offered_kg
            case WhitelistEntry():
                return subject.quota_kg
            case ProcedureGrant():
                return subject.limit_kg
        if subject.annual_limit_kg is None:
            return None
        return max(subject.annual_limit_kg - self._taken_elsewhere(kind, subject, year), 0)

    def _taken_elsewhere(
        self, kind: str, subject: EntitlementLine | LineGroup | Entitlement | Facility, year: int
    ) -> int:
        """Return what the windows that touch a year took elsewhere, withdrawn ones too."""
        match subject:
            case Facility():
                facility_id = subject.id
            case Entitlement():
                facility_id = subject.facility_id
            case _:
                facility_id = subject.entitlement.facility_id
        rows = self._taken_by_line(facility_id, year)
        of_subject = [row for row in rows if kind == "facility" or getattr(row, kind) == subject.id]
        # A line in several groups has a row for each, with the same sum.
        return sum({row.line: int(row.kg) for row in of_subject}.values())

    def _taken_by_line(self, facility_id: int, year: int) -> Sequence[Any]:
        if (facility_id, year) not in self._elsewhere:
            asked = {"facility": facility_id, "first": date(year, 1, 1), "last": date(year, 12, 31)}
            self._elsewhere[facility_id, year] = self._session.execute(_ELSEWHERE, asked).all()
        return self._elsewhere[facility_id, year]


def limit_kg(session: Session, kind: str, subject: Subject, year: int = ANY_YEAR) -> int | None:
    """Return one limit in kg, as `Limits.of` does."""
    return Limits(session).of(kind, subject, year)


_ELSEWHERE = (
    select(
        EntitlementLine.id.label("line"),
        EntitlementLine.entitlement_id.label("entitlement"),
        LINE_GROUP_MEMBERS.c.group_id.label("group"),
        func.sum(CapacityWindow.received_kg + CapacityWindow.committed_kg).label("kg"),
    )
    .join(CapacityWindow.line)
    .join(EntitlementLine.entitlement)
    .outerjoin(LINE_GROUP_MEMBERS, LINE_GROUP_MEMBERS.c.line_id == EntitlementLine.id)
    .where(Entitlement.facility_id == bindparam("facility"))
    .where(CapacityWindow.available_from.is_(None) | (CapacityWindow.available_from <= bindparam("last")))
    .where(CapacityWindow.available_to.is_(None) | (CapacityWindow.available_to >= bindparam("first")))
    .group_by(EntitlementLine.id, EntitlementLine.entitlement_id, LINE_GROUP_MEMBERS.c.group_id)
)


def mass_by_year(mass_kg: int, first: date, last: date) -> dict[int, int]:
    """Return a mass spread over the days from first to last, kg by calendar year; the last gets the rest."""
    days, spread = (last - first).days + 1, {}
    for year in range(first.year, last.year):
        own = min(last, date(year, 12, 31)) - max(first, date(year, 1, 1))
        spread[year] = mass_kg * (own.days + 1) // days
    return {**spread, last.year: mass_kg - sum(spread.values())}


_NAMED = {
    "output": ("该批固废", "this lot"),
    "window": ("该接收能力", "this capacity window"),
    "line": ("该资质类别的年限量", "this line's annual limit"),
    "group": ("该资质几类合计的年限量", "the yearly limit that lines of this entitlement share"),
    "entitlement": ("该资质的年限量", "this entitlement's annual limit"),
    "facility": ("该设施的年限量", "this facility's annual limit"),
    "quota": ("该白名单的限额", "this whitelist quota"),
    "grant": ("该批准的限量", "what this grant allows"),
}


def full(kind: str, public_id: str, year: int, *, left_kg: int, wanted_kg: int) -> RuleBroken:
    """Return the refusal `full`: this limit has less left than is wanted, kg; `year` 0 for any."""
    zh, en = _NAMED[kind]
    left_t, wanted_t = format_tonnes(left_kg), format_tonnes(wanted_kg)
    zh = f"{zh}{f'（{year} 年）' if year else ''}余量 {left_t} 吨，不足 {wanted_t} 吨"
    en = f"{en}{f' of {year}' if year else ''} has {left_t} t left, {wanted_t} t are wanted"
    facts = {"kind": kind, "subject": public_id, "year": year}
    return RuleBroken("full", zh, en, left_kg=left_kg, wanted_kg=wanted_kg, **facts)
