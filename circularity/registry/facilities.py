"""Facilities and what entitles them to take waste: the verbs.

The rows themselves are described in `circularity.registry.entitlements`; what facilities offer is in
`circularity.registry.capacity`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.columns import new_public_id
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.organisations import Organisation, Site
from circularity.registry.entitlements import (
    ENTITLEMENT_KINDS,
    KINDS,
    STANDINGS,
    Entitlement,
    EntitlementLine,
    Facility,
    LineLimit,
)
from circularity.registry.permitted import refuse_above


def register_facility(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    site: Site,
    kind: str,
    standing: str = "",
    annual_limit_kg: int | None = None,
) -> Facility:
    """Add a facility at a site; `kind` one of KINDS, `standing` one of STANDINGS. Raises BadInput."""
    checks = Checks("facility")
    values: dict[str, Any] = {
        "site": site,
        "kind": checks.word("kind", kind, KINDS),
        "standing": checks.word("standing", standing, STANDINGS),
        "annual_limit_kg": checks.maybe("annual_limit_kg", annual_limit_kg),
    }
    checks.finish()
    facility = Facility(public_id=new_public_id(), registered_at=at, **values)
    session.add(facility)
    record(session, actor, at, "facility.registered", facility, values)
    return facility


def set_standing(
    session: Session, *, actor: Actor, at: datetime, facility: Facility, standing: str, reason: str
) -> None:
    """Change a facility's standing; anything but "" keeps it out of every later run. Raises BadInput."""
    checks = Checks("facility")
    facts = {
        "before": facility.standing,
        "standing": checks.word("standing", standing, STANDINGS),
        "reason": checks.text("reason", reason, maximum=1000),
    }
    checks.finish()
    facility.standing = standing
    record(session, actor, at, "facility.standing_set", facility, facts)


def grant_entitlement(  # noqa: PLR0913 - a verb names every fact it takes
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    facility: Facility,
    kind: str,
    number: str,
    issuer: str,
    valid_from: date | None,
    valid_to: date | None,
    annual_limit_kg: int | None = None,
    source: str,
) -> Entitlement:
    """Note an entitlement of a facility; `kind` one of ENTITLEMENT_KINDS, the limit in kg per calendar year.

    Raises BadInput for malformed values; RuleBroken `entitlement_taken` when the issuer's number is known.
    """
    checks = Checks("entitlement")
    checks.period("valid_from", valid_from, "valid_to", valid_to)
    values: dict[str, Any] = {
        "facility": facility,
        "kind": checks.word("kind", kind, ENTITLEMENT_KINDS),
        "number": checks.text("number", number),
        "issuer": checks.text("issuer", issuer),
        "valid_from": valid_from,
        "valid_to": valid_to,
        "annual_limit_kg": checks.maybe("annual_limit_kg", annual_limit_kg),
        "source": checks.text("source", source, maximum=1000),
    }
    checks.finish()
    known = select(Entitlement.id).filter_by(number=values["number"], issuer=values["issuer"])
    if session.scalar(known) is not None:
        zh, en = "该机关的这一编号已登记", "this number of this issuer is registered already"
        raise RuleBroken("entitlement_taken", zh, en, field="number")
    entitlement = Entitlement(public_id=new_public_id(), granted_at=at, **values)
    session.add(entitlement)
    record(session, actor, at, "entitlement.granted", entitlement, values)
    return entitlement


def add_entitlement_line(  # noqa: PLR0913 - a verb names every fact it takes
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    entitlement: Entitlement,
    waste_pattern: str,
    operation: str,
    annual_limit_kg: int | None,
    limits_min: Mapping[str, int] | None = None,
    limits_max: Mapping[str, int] | None = None,
    gate_fee_ucny_per_kg: int | None = None,
    senders: Sequence[Organisation] = (),
) -> EntitlementLine:
    """Add a line; limits of composition in millionths of the unit in each analyte's name.

    Raises BadInput for malformed values; RuleBroken `line_above_entitlement` for a limit beyond the whole.
    """
    checks = Checks("entitlement_line")
    low = checks.analytes("limits_min", limits_min or {})
    high = checks.analytes("limits_max", limits_max or {})
    for analyte in low.keys() & high.keys():
        if low[analyte] > high[analyte]:
            zh, en = f"{analyte} 下限高于上限", f"the lower limit of {analyte} lies above the upper"
            checks.refuse(f"limits_min.{analyte}", "limits_reversed", low[analyte], zh, en)
    values: dict[str, Any] = {
        "entitlement": entitlement,
        "waste_pattern": checks.waste_pattern("waste_pattern", waste_pattern),
        "operation": checks.operation("operation", operation),
        "annual_limit_kg": checks.maybe("annual_limit_kg", annual_limit_kg),
        "gate_fee_ucny_per_kg": checks.price("gate_fee_ucny_per_kg", gate_fee_ucny_per_kg),
        "senders": tuple(sorted({sender.public_id for sender in senders})),
    }
    checks.finish()
    refuse_above("line_above_entitlement", "annual_limit_kg", annual_limit_kg, entitlement.annual_limit_kg)
    line = EntitlementLine(public_id=new_public_id(), **values)
    line.limits = [
        LineLimit(analyte=analyte, minimum_micro=low.get(analyte), maximum_micro=high.get(analyte))
        for analyte in sorted({*low, *high})
    ]
    session.add(line)
    facts = values | {"limits_min": low, "limits_max": high}
    record(session, actor, at, "entitlement_line.added", line, facts)
    return line
