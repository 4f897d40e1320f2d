"""The capacity that facilities offer: posted for a period on a line, restated, withdrawn.

What is declared never lies above what permits it; what deals may take of it together is counted by
`circularity.deals.reservations`, per line, group, entitlement and facility, not per window.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.accounts.dormancy import refuse_dormant
from circularity.audit import Actor, AuditEvent, record
from circularity.columns import MAX_DISTANCE_M, new_public_id
from circularity.errors import NotAllowed, RuleBroken
from circularity.fields import Checks
from circularity.organisations import Organisation
from circularity.registry.entitlements import CapacityWindow, Entitlement, EntitlementLine
from circularity.registry.outputs import VISIBILITIES
from circularity.registry.permitted import refuse_above


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

    Raises BadInput for malformed values; RuleBroken `permitted_above_line`, `…_group`, `…_entitlement` beyond
    a limit above it and `above_permitted` when received and committed together exceed what is permitted;
    `dormant_site`.
    """
    refuse_dormant(session, line.entitlement.facility.site)
    checks = Checks("capacity_window")
    checks.period("available_from", available_from, "available_to", available_to)
    days = days_of(available_from, available_to)
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
    refuse_above("permitted_above_line", "permitted_kg", permitted_kg, line.annual_limit_kg)
    for group in line.groups:
        refuse_above("permitted_above_group", "permitted_kg", permitted_kg, group.annual_limit_kg)
    refuse_above(
        "permitted_above_entitlement", "permitted_kg", permitted_kg, line.entitlement.annual_limit_kg
    )
    refuse_above("above_permitted", "received_kg", received_kg + committed_kg, permitted_kg)
    values["offered_kg"] = offered_kg(permitted_kg - received_kg - committed_kg, days, stop_days)
    window = CapacityWindow(public_id=new_public_id(), posted_at=at, **values)
    session.add(window)
    record(session, actor, at, "capacity.offered", window, values)
    return window


def restate_outside(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    by: Organisation,
    window: CapacityWindow,
    received_kg: int,
    committed_kg: int,
    reason: str,
) -> None:
    """State anew what a window's share was used for outside the platform: received so far, promised there.

    What it offers follows; what deals hold of it stays, and stops new ones where nothing is left. Raises
    BadInput; NotAllowed for others than the facility's organisation; RuleBroken `above_permitted`,
    `withdrawn`.
    """
    checks = Checks("capacity_window")
    received_kg = checks.kilograms("received_kg", received_kg)
    committed_kg = checks.kilograms("committed_kg", committed_kg)
    reason = checks.text("reason", reason, maximum=1000)
    checks.finish()
    session.flush()
    session.refresh(window, with_for_update={"of": CapacityWindow})
    if by.id != window.line.entitlement.facility.site.organisation_id:
        zh, en = "只有设施所属单位可以更新", "only the facility's own organisation states it"
        raise NotAllowed("not_your_facility", zh, en)
    if window.withdrawn_at is not None:
        raise RuleBroken("withdrawn", "该产能已撤回", "this window has been withdrawn")
    refuse_above("above_permitted", "received_kg", received_kg + committed_kg, window.permitted_kg)
    names = ("received_kg", "committed_kg", "offered_kg")
    before = {name: getattr(window, name) for name in names}
    window.received_kg, window.committed_kg = received_kg, committed_kg
    days = days_of(window.available_from, window.available_to)
    window.offered_kg = offered_kg(window.permitted_kg - received_kg - committed_kg, days, window.stop_days)
    now = {name: getattr(window, name) for name in names}
    record(session, actor, at, "capacity.restated", window, {"before": before, "reason": reason} | now)


def restatements_of(session: Session, entitlement: Entitlement) -> Sequence[AuditEvent]:
    """Return what was stated anew about an entitlement's windows, the newest first, as the chain tells it."""
    windows = [window.public_id for line in entitlement.lines for window in line.windows]
    told = AuditEvent.action == "capacity.restated", AuditEvent.subject_id.in_(windows)
    return session.scalars(select(AuditEvent).where(*told).order_by(AuditEvent.position.desc())).all()


def fit_capacity(
    session: Session, *, actor: Actor, at: datetime, lines: Iterable[EntitlementLine], limit_kg: int | None
) -> None:
    """Lower the windows of lines that declare more than is permitted now; what they took elsewhere stays."""
    windows: list[CapacityWindow] = [window for line in lines for window in line.windows]
    for window in windows:
        if limit_kg is None or window.permitted_kg <= limit_kg or window.withdrawn_at is not None:
            continue
        taken_kg = window.received_kg + window.committed_kg
        before = {"permitted_kg": window.permitted_kg, "offered_kg": window.offered_kg}
        days = days_of(window.available_from, window.available_to)
        window.permitted_kg = max(limit_kg, taken_kg)
        window.offered_kg = offered_kg(limit_kg - taken_kg, days, window.stop_days)
        now = {"permitted_kg": window.permitted_kg, "offered_kg": window.offered_kg}
        record(session, actor, at, "capacity.fitted", window, {"before": before} | now)


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


def days_of(first: date | None, last: date | None) -> int | None:
    """Return how many days a closed period has, None for an open one."""
    return (last - first).days + 1 if first and last else None
