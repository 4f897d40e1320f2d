"""What the limits are that an agreement falls under, as their subjects state them now."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import FromClause, Join, Select, bindparam, func, select
from sqlalchemy.orm import Session

from circularity.database import Base
from circularity.deals.ceilings import ANY_YEAR
from circularity.deals.contract import Agreement
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


def read_anew(session: Session, agreement: Agreement) -> list[WhitelistEntry]:
    """Read what an agreement's rules and limits depend on; it stays so until the transaction ends.

    Return the entries of its facility by their keys.
    """
    entitlement = agreement.line.entitlement
    keys = {"line": agreement.line.id, "facility": entitlement.facility.id}
    if agreement.output is not None:
        keys["output"] = agreement.output.id
    if agreement.window is not None:
        keys["window"] = agreement.window.id
    rows = _rows_anew("output" in keys, "window" in keys)
    session.execute(rows, keys, execution_options=_ANEW).all()
    for group in agreement.line.groups:
        session.refresh(group, with_for_update={"read": True, "of": LineGroup})
    return list(session.scalars(_ENTRIES_ANEW, {"facility": keys["facility"]}, execution_options=_ANEW))


_ANEW = {"populate_existing": True}
_ENTRIES_ANEW = (
    select(WhitelistEntry)
    .where(WhitelistEntry.facility_id == bindparam("facility"))
    .order_by(WhitelistEntry.id)
    .with_for_update(read=True, of=WhitelistEntry)
)


@cache
def _rows_anew(with_output: bool, with_window: bool) -> Select[*tuple[Any, ...]]:
    """Return the one statement for all rows, which are locked in this order."""
    rows: list[type[Base]] = [EntitlementLine, Entitlement, Facility]
    joined: FromClause | Join = EntitlementLine.__table__.join(
        Entitlement.__table__, EntitlementLine.entitlement_id == Entitlement.id
    ).join(Facility.__table__, Entitlement.facility_id == Facility.id)
    if with_window:
        rows.insert(0, CapacityWindow)
        joined = joined.join(CapacityWindow.__table__, CapacityWindow.id == bindparam("window"))
    if with_output:
        rows.insert(0, Output)
        joined = joined.join(Output.__table__, Output.id == bindparam("output"))
    return (
        select(*rows)
        .select_from(joined)
        .where(EntitlementLine.id == bindparam("line"))
        .with_for_update(read=True, of=rows)
    )


def limit_kg(session: Session, kind: str, subject: Subject, year: int = ANY_YEAR) -> int | None:
    """Return a limit in kg, None for none; of a year less what windows of that year took elsewhere."""
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
    return max(subject.annual_limit_kg - _taken_elsewhere_kg(session, kind, subject.id, year), 0)


def mass_by_year(mass_kg: int, first: date, last: date) -> dict[int, int]:
    """Return a mass spread over the days from first to last, kg by calendar year; the last gets the rest."""
    days, spread = (last - first).days + 1, {}
    for year in range(first.year, last.year):
        own = min(last, date(year, 12, 31)) - max(first, date(year, 1, 1))
        spread[year] = mass_kg * (own.days + 1) // days
    return {**spread, last.year: mass_kg - sum(spread.values())}


def _taken_elsewhere_kg(session: Session, kind: str, subject_id: int, year: int) -> int:
    """Return what the windows that touch a year took elsewhere, withdrawn ones too."""
    grouped = select(LINE_GROUP_MEMBERS.c.line_id).where(LINE_GROUP_MEMBERS.c.group_id == subject_id)
    of_subject = {
        "line": EntitlementLine.id == subject_id,
        "group": EntitlementLine.id.in_(grouped),
        "entitlement": EntitlementLine.entitlement_id == subject_id,
        "facility": Entitlement.facility_id == subject_id,
    }[kind]
    window = CapacityWindow
    taken = session.scalar(
        select(func.sum(window.received_kg + window.committed_kg))
        .join(EntitlementLine, window.line_id == EntitlementLine.id)
        .join(Entitlement, EntitlementLine.entitlement_id == Entitlement.id)
        .where(of_subject)
        .where(window.available_from.is_(None) | (window.available_from <= date(year, 12, 31)))
        .where(window.available_to.is_(None) | (window.available_to >= date(year, 1, 1)))
    )
    return int(taken or 0)


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
    zh = f"{zh}{f'({year} 年)' if year else ''}余量 {left_kg} kg,不足 {wanted_kg} kg"
    en = f"{en}{f' of {year}' if year else ''} has {left_kg} kg left, {wanted_kg} kg are wanted"
    facts = {"kind": kind, "subject": public_id, "year": year}
    return RuleBroken("full", zh, en, left_kg=left_kg, wanted_kg=wanted_kg, **facts)
