"""What is posted, offered, granted and listed on a day, as selects of plain columns for reading in bulk.

Agreements are fixed: of a lot, window, quota or grant only what no deal has reserved or committed is told.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, select, union_all

from circularity.database import Base
from circularity.deals.ceilings import ANY_YEAR, Ceiling
from circularity.organisations import Organisation, Site
from circularity.registry.entitlements import (
    CapacityWindow,
    Entitlement,
    EntitlementLine,
    Facility,
    LineGroup,
)
from circularity.registry.outputs import Output
from circularity.whitelist import ProcedureGrant, WhitelistEntry

_PARTY = (
    Site.lat_e7,
    Site.lon_e7,
    Site.region_code,
    Organisation.public_id.label("organisation"),
    Organisation.name_zh,
    Organisation.name_en,
    Organisation.fictional,
)


_TAKEN_KG = func.coalesce(Ceiling.reserved_kg + Ceiling.committed_kg, 0)
_LEFT = {"mass_kg", "plan_mass_kg", "offered_kg", "quota_kg", "limit_kg"}


def _columns(model: type[Base], *without: str) -> list[ColumnElement[Any]]:
    """Return the columns of a model, those of a mass as what is left of it, none below zero."""
    return [
        _left(column).label(column.name) if column.name in _LEFT else column
        for column in model.__table__.c
        if column.name not in without
    ]


def _left(column: ColumnElement[Any]) -> ColumnElement[Any]:
    left = column - _TAKEN_KG
    return case((left < 0, 0), else_=left)


def _counter(kind: str, subject_id: Any) -> ColumnElement[bool]:
    """Return the condition that joins the counter of a limit that does not change with the years."""
    return and_(Ceiling.kind == kind, Ceiling.subject_id == subject_id, Ceiling.year == ANY_YEAR)


@lru_cache(maxsize=8)
def outputs_posted(on: date, *, narrowed: bool = False) -> Select[Any]:
    """Select outputs with site and organisation; those withdrawn, over or given away are not.

    A narrowed select is executed with `keys`, those of the outputs that are meant.
    """
    wanted = (
        select(*_columns(Output, "site_id"), *_PARTY)
        .join(Site, Output.site_id == Site.id)
        .join(Organisation, Site.organisation_id == Organisation.id)
        .outerjoin(Ceiling, _counter("output", Output.id))
        .where(*_stands(on))
        .order_by(Output.id)
    )
    return wanted.where(Output.id.in_(bindparam("keys", expanding=True))) if narrowed else wanted


def planned_codes(on: date) -> Select[Any]:
    """Select the different waste codes of outputs that state their mass in a management plan."""
    return (
        select(Output.waste_code)
        .distinct()
        .outerjoin(Ceiling, _counter("output", Output.id))
        .where(Output.plan_mass_kg.is_not(None), *_stands(on))
    )


def _stands(on: date) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on an output with its counter that make it one of those posted."""
    not_over = Output.available_to.is_(None) | (Output.available_to >= on)
    return Output.withdrawn_at.is_(None), Output.mass_kg > _TAKEN_KG, not_over


def windows_offered() -> Select[Any]:
    """Select every window ever offered with all that stands above it.

    Withdrawn windows and those that are over are among them: what they took counts against a year's limit.
    """
    line = EntitlementLine
    return (
        select(
            *_columns(CapacityWindow),
            line.public_id.label("line"),
            line.waste_pattern,
            line.operation,
            line.senders,
            line.annual_limit_kg.label("line_limit_kg"),
            Entitlement.public_id.label("entitlement"),
            Entitlement.kind,
            Entitlement.number,
            Entitlement.valid_from,
            Entitlement.valid_to,
            Entitlement.annual_limit_kg.label("entitlement_limit_kg"),
            Facility.public_id.label("facility"),
            Facility.standing,
            Facility.annual_limit_kg.label("facility_limit_kg"),
            *_PARTY,
        )
        .join(line, CapacityWindow.line_id == line.id)
        .join(Entitlement, line.entitlement_id == Entitlement.id)
        .join(Facility, Entitlement.facility_id == Facility.id)
        .join(Site, Facility.site_id == Site.id)
        .join(Organisation, Site.organisation_id == Organisation.id)
        .outerjoin(Ceiling, _counter("window", CapacityWindow.id))
        .order_by(CapacityWindow.id)
    )


def taken_by_year() -> Select[Any]:
    """Select what deals have taken of limits per calendar year: kind, public id of the subject, year, kg."""
    subjects: dict[str, Any] = {
        "line": EntitlementLine,
        "group": LineGroup,
        "entitlement": Entitlement,
        "facility": Facility,
    }
    taken = [
        select(Ceiling.kind, subject.public_id.label("subject"), Ceiling.year, _TAKEN_KG.label("taken_kg"))
        .join(subject, Ceiling.subject_id == subject.id)
        .where(Ceiling.kind == kind)
        for kind, subject in subjects.items()
    ]
    return select(union_all(*taken).subquery())


def limits_of_groups() -> Select[Any]:
    """Select the limits that lines share: public ids of line and group, kg; a lifted limit is none."""
    shown: list[Any] = [
        EntitlementLine.public_id.label("line"),
        LineGroup.public_id.label("group"),
        LineGroup.annual_limit_kg.label("limit_kg"),
    ]
    return (
        select(*shown)
        .join(EntitlementLine.groups)
        .where(LineGroup.annual_limit_kg.is_not(None))
        .order_by(EntitlementLine.id, LineGroup.id)
    )


def grants_held(on: date) -> Select[Any]:
    """Select the granted procedures that have not ended, with the public ids of facility and sender."""
    return (
        select(
            *_columns(ProcedureGrant),
            Facility.public_id.label("facility"),
            Organisation.public_id.label("organisation"),
        )
        .join(Facility, ProcedureGrant.facility_id == Facility.id)
        .outerjoin(Organisation, ProcedureGrant.organisation_id == Organisation.id)
        .outerjoin(Ceiling, _counter("grant", ProcedureGrant.id))
        .where(ProcedureGrant.valid_to >= on)
        .order_by(ProcedureGrant.id)
    )


def listings_in_force(on: date) -> Select[Any]:
    """Select the whitelist entries that are listed and valid on a day, with the facility's public id."""
    entry = WhitelistEntry
    return (
        select(*_columns(entry), Facility.public_id.label("facility"))
        .join(Facility, entry.facility_id == Facility.id)
        .outerjoin(Ceiling, _counter("quota", entry.id))
        .where(entry.status == "listed")
        .where(entry.valid_from.is_(None) | (entry.valid_from <= on))
        .where(entry.valid_to.is_(None) | (entry.valid_to >= on))
        .order_by(entry.id)
    )
