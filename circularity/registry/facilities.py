"""Facilities, what entitles them to take waste, and the capacity they offer: the verbs.

The rows themselves are described in `circularity.registry.entitlements`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.accounts.dormancy import refuse_dormant
from circularity.audit import Actor, record
from circularity.columns import MAX_DISTANCE_M, new_public_id
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.organisations import Organisation, Site
from circularity.registry.entitlements import (
    ENTITLEMENT_KINDS,
    KINDS,
    STANDINGS,
    CapacityWindow,
    Entitlement,
    EntitlementLine,
    Facility,
    LineLimit,
)
from circularity.registry.outputs import VISIBILITIES

__all__ = [
    "ENTITLEMENT_KINDS",
    "KINDS",
    "STANDINGS",
    "CapacityWindow",
    "Entitlement",
    "EntitlementLine",
    "Facility",
    "LineLimit",
    "add_entitlement_line",
    "grant_entitlement",
    "offer_capacity",
    "offered_kg",
    "register_facility",
    "set_standing",
    "withdraw_capacity",
]


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
    _refuse_above("line_above_entitlement", "annual_limit_kg", annual_limit_kg, entitlement.annual_limit_kg)
    line = EntitlementLine(public_id=new_public_id(), **values)
    line.limits = [
        LineLimit(analyte=analyte, minimum_micro=low.get(analyte), maximum_micro=high.get(analyte))
        for analyte in sorted({*low, *high})
    ]
    session.add(line)
    facts = values | {"limits_min": low, "limits_max": high}
    record(session, actor, at, "entitlement_line.added", line, facts)
    return line


def offer_capacity(  # noqa: PLR0913 - a verb names every fact it takes
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    line: EntitlementLine,
    available_from: date | None,
    available_to: date | None,
    permitted_kg: int,
    received_kg: int = 0,
    committed_kg: int = 0,
    stop_days: int = 0,
    gate_fee_ucny_per_kg: int | None = None,
    max_distance_m: int | None = None,
    visibility: str = "parties",
) -> CapacityWindow:
    """Offer capacity on a line for a period; an unstated gate fee is the line's.

    Raises BadInput for malformed values; RuleBroken `permitted_above_line` beyond the line's limit and
    `above_permitted` when received and committed together exceed what is permitted; `dormant_site`.
    """
    refuse_dormant(session, line.entitlement.facility.site)
    checks = Checks("capacity_window")
    checks.period("available_from", available_from, "available_to", available_to)
    days = (available_to - available_from).days + 1 if available_from and available_to else None
    if days is None and stop_days:
        zh, en = "停产天数需要完整的起止日期", "stop days need a period with both ends"
        checks.refuse("stop_days", "open_period", stop_days, zh, en)
    fee = line.gate_fee_ucny_per_kg if gate_fee_ucny_per_kg is None else gate_fee_ucny_per_kg
    values: dict[str, Any] = {
        "line": line,
        "available_from": available_from,
        "available_to": available_to,
        "permitted_kg": checks.kilograms("permitted_kg", permitted_kg),
        "received_kg": checks.kilograms("received_kg", received_kg),
        "committed_kg": checks.kilograms("committed_kg", committed_kg),
        "stop_days": checks.whole("stop_days", stop_days, 0, max(days or 0, 0)) if stop_days else 0,
        "gate_fee_ucny_per_kg": checks.price("gate_fee_ucny_per_kg", fee),
        "max_distance_m": checks.maybe("max_distance_m", max_distance_m, 0, MAX_DISTANCE_M),
        "visibility": checks.word("visibility", visibility, VISIBILITIES),
    }
    checks.finish()
    _refuse_above("permitted_above_line", "permitted_kg", permitted_kg, line.annual_limit_kg)
    _refuse_above(
        "permitted_above_entitlement", "permitted_kg", permitted_kg, line.entitlement.annual_limit_kg
    )
    _refuse_above("above_permitted", "received_kg", received_kg + committed_kg, permitted_kg)
    values["offered_kg"] = offered_kg(permitted_kg - received_kg - committed_kg, days, stop_days)
    window = CapacityWindow(public_id=new_public_id(), posted_at=at, **values)
    session.add(window)
    record(session, actor, at, "capacity.offered", window, values)
    return window


def withdraw_capacity(session: Session, *, actor: Actor, at: datetime, window: CapacityWindow) -> None:
    """Take a window out of future runs; withdrawing it again changes nothing."""
    if window.withdrawn_at is None:
        window.withdrawn_at = at
        record(session, actor, at, "capacity.withdrawn", window, {})


def offered_kg(remaining_kg: int, days: int | None, stop_days: int) -> int:
    """Return what remains, less the share of days without operation; rounded down, never a kg too many."""
    if days is None or not stop_days:
        return max(remaining_kg, 0)
    return max(remaining_kg, 0) * (days - stop_days) // days


_ABOVE = {
    "line_above_entitlement": ("年限量高于许可总量", "the line's limit exceeds that of its entitlement"),
    "permitted_above_line": ("许可量高于该类别年限量", "what is permitted exceeds the line's annual limit"),
    "permitted_above_entitlement": (
        "许可量高于许可总量",
        "what is permitted exceeds the entitlement's limit",
    ),
    "above_permitted": (
        "已接收与已承诺之和高于许可量",
        "received and committed together exceed what is permitted",
    ),
}


def _refuse_above(code: str, field: str, value_kg: int | None, limit_kg: int | None) -> None:
    if value_kg is not None and limit_kg is not None and value_kg > limit_kg:
        zh, en = _ABOVE[code]
        raise RuleBroken(code, zh, en, field=field, value_kg=value_kg, limit_kg=limit_kg)
