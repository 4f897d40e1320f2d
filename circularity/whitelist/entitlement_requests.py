"""A facility asks for a change of what it may take; an authority of its region confirms it or refuses.

Until then nothing changes. What is confirmed counts for reservations at once; capacity that was declared
above a limit that is lower now is fitted to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.columns import new_public_id
from circularity.errors import NotAllowed, RuleBroken
from circularity.fields import Checks
from circularity.lifecycle import advance
from circularity.organisations import Organisation
from circularity.registry.entitlements import CapacityWindow, Entitlement, EntitlementLine, Facility
from circularity.registry.facilities import add_entitlement_line, offered_kg
from circularity.whitelist.entitlement_changes import CHANGES, EntitlementChange
from circularity.whitelist.offices import CONFIRM, require_office

_LIMITS = ("annual_limit", "line_limit")


def request_change(  # noqa: PLR0913 - a verb names every fact it takes
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    by: Organisation,
    entitlement: Entitlement,
    kind: str,
    wanted: Mapping[str, Any],
    document: str,
    reason: str,
    line: EntitlementLine | None = None,
) -> EntitlementChange:
    """Ask for one change of an entitlement, on the ground of a document; `kind` one of CHANGES.

    `wanted`: `annual_limit_kg` (None for no limit) for a limit; `valid_from`, `valid_to` for the validity;
    `waste_pattern`, `operation`, `annual_limit_kg` for a new line. Raises BadInput; NotAllowed for others
    than the facility's organisation; RuleBroken `change_waits` while another one does.
    """
    _require_owner(by, entitlement.facility)
    values = _checked(kind, wanted, entitlement, line)
    texts = _texts(document=document, reason=reason)
    waits = select(EntitlementChange.id).filter_by(entitlement_id=entitlement.id, status="requested")
    if session.scalar(waits) is not None:
        zh, en = "该资质已有变更待确认", "a change of this entitlement is waiting already"
        raise RuleBroken("change_waits", zh, en)
    change = EntitlementChange(
        public_id=new_public_id(),
        entitlement=entitlement,
        line=line if kind == "line_limit" else None,
        organisation=by,
        kind=kind,
        wanted=values,
        before=_before(kind, entitlement, line),
        answer="",
        status="requested",
        asked_at=at,
        **texts,
    )
    session.add(change)
    session.flush()
    facts = {"entitlement": entitlement, "line": change.line, "change": kind} | values | texts
    record(session, actor, at, "entitlement_change.requested", change, facts)
    return change


def confirm_change(
    session: Session, *, actor: Actor, at: datetime, by: Organisation, change: EntitlementChange, answer: str
) -> None:
    """Confirm a change and let it count. Raises NotAllowed; RuleBroken where it no longer fits the whole."""
    texts = _texts(answer=answer)
    _hold(session, change)
    require_office(session, by, change.entitlement.facility, delta_day(at), CONFIRM)
    advance(
        change,
        "entitlement_change",
        "confirm",
        "authority",
        {"still_fits": lambda: _require_fit(change)},
    )
    change.answer, change.answered_at = texts["answer"], at
    _apply(session, actor, at, change)
    facts = {"by": by, "change": change, "before": change.before, "now": change.wanted}
    record(session, actor, at, "entitlement.changed", change.entitlement, facts | texts)


def refuse_change(
    session: Session, *, actor: Actor, at: datetime, by: Organisation, change: EntitlementChange, answer: str
) -> None:
    """Refuse a change, with reasons; what was in force stays. Raises NotAllowed, BadInput."""
    texts = _texts(answer=answer)
    _hold(session, change)
    require_office(session, by, change.entitlement.facility, delta_day(at), CONFIRM)
    advance(change, "entitlement_change", "refuse", "authority")
    change.answer, change.answered_at = texts["answer"], at
    record(session, actor, at, "entitlement_change.refused", change, {"by": by} | texts)


def withdraw_change(
    session: Session, *, actor: Actor, at: datetime, by: Organisation, change: EntitlementChange
) -> None:
    """Take one's own request back."""
    _hold(session, change)
    _require_owner(by, change.entitlement.facility)
    advance(change, "entitlement_change", "withdraw", "receiver")
    record(session, actor, at, "entitlement_change.withdrawn", change, {"by": by})


def _checked(
    kind: str, wanted: Mapping[str, Any], entitlement: Entitlement, line: EntitlementLine | None
) -> dict[str, Any]:
    """Return what is wanted as plain values. Raises BadInput, RuleBroken `other_entitlement`."""
    checks = Checks("entitlement_change")
    checks.word("kind", kind, CHANGES)
    values: dict[str, Any] = {}
    if kind in (*_LIMITS, "new_line"):
        values["annual_limit_kg"] = checks.maybe("annual_limit_kg", wanted.get("annual_limit_kg"))
    if kind == "new_line":
        values["waste_pattern"] = checks.waste_pattern("waste_pattern", str(wanted["waste_pattern"]))
        values["operation"] = checks.operation("operation", str(wanted["operation"]))
    if kind == "validity":
        first, last = wanted.get("valid_from"), wanted.get("valid_to")
        checks.period("valid_from", first, "valid_to", last)
        values |= {"valid_from": _iso(first), "valid_to": _iso(last)}
    checks.finish()
    if kind == "line_limit" and (line is None or line.entitlement_id != entitlement.id):
        zh, en = "请选择该资质的一行", "choose a line of this entitlement"
        raise RuleBroken("other_entitlement", zh, en, field="line")
    return values


def _before(kind: str, entitlement: Entitlement, line: EntitlementLine | None) -> dict[str, Any]:
    if kind == "validity":
        return {"valid_from": _iso(entitlement.valid_from), "valid_to": _iso(entitlement.valid_to)}
    if kind == "annual_limit":
        return {"annual_limit_kg": entitlement.annual_limit_kg}
    return {"annual_limit_kg": line.annual_limit_kg} if kind == "line_limit" and line else {}


def _require_fit(change: EntitlementChange) -> None:
    """Refuse a line above its entitlement, whichever of the two is changed."""
    limit_kg: int | None = change.wanted.get("annual_limit_kg")
    whole_kg, parts = change.entitlement.annual_limit_kg, [limit_kg]
    if change.kind == "annual_limit":
        whole_kg, parts = limit_kg, [line.annual_limit_kg for line in change.entitlement.lines]
    highest = max((part for part in parts if part is not None), default=0)
    if change.kind != "validity" and whole_kg is not None and highest > whole_kg:
        zh, en = "类别年限量高于许可总量", "a line's limit exceeds that of its entitlement"
        raise RuleBroken("line_above_entitlement", zh, en, value_kg=highest, limit_kg=whole_kg)


def _apply(session: Session, actor: Actor, at: datetime, change: EntitlementChange) -> None:
    entitlement, wanted = change.entitlement, change.wanted
    if change.kind == "new_line":
        add_entitlement_line(session, actor=actor, at=at, entitlement=entitlement, **wanted)
    elif change.kind == "validity":
        entitlement.valid_from, entitlement.valid_to = _day(wanted["valid_from"]), _day(wanted["valid_to"])
    elif change.line is not None:
        change.line.annual_limit_kg = wanted["annual_limit_kg"]
        _fit(session, actor, at, [change.line], wanted["annual_limit_kg"])
    else:
        entitlement.annual_limit_kg = wanted["annual_limit_kg"]
        _fit(session, actor, at, entitlement.lines, wanted["annual_limit_kg"])


def _fit(
    session: Session, actor: Actor, at: datetime, lines: Iterable[EntitlementLine], limit_kg: int | None
) -> None:
    """Lower the windows that declare more than is permitted now; what they took elsewhere stays."""
    windows: list[CapacityWindow] = [window for line in lines for window in line.windows]
    for window in windows:
        if limit_kg is None or window.permitted_kg <= limit_kg or window.withdrawn_at is not None:
            continue
        taken_kg = window.received_kg + window.committed_kg
        before = {"permitted_kg": window.permitted_kg, "offered_kg": window.offered_kg}
        first, last = window.available_from, window.available_to
        days = (last - first).days + 1 if first and last else None
        window.permitted_kg = max(limit_kg, taken_kg)
        window.offered_kg = offered_kg(limit_kg - taken_kg, days, window.stop_days)
        now = {"permitted_kg": window.permitted_kg, "offered_kg": window.offered_kg}
        record(session, actor, at, "capacity.fitted", window, {"before": before} | now)


def _hold(session: Session, change: EntitlementChange) -> None:
    """Take hold of a change and of its entitlement: who reserves reads that under a share lock."""
    session.flush()
    session.refresh(change.entitlement, with_for_update={"of": Entitlement})
    session.refresh(change, with_for_update={"of": EntitlementChange})


def _require_owner(by: Organisation, facility: Facility) -> None:
    if by.id != facility.site.organisation_id:
        zh, en = "只有设施所属单位可以申请", "only the facility's own organisation asks for it"
        raise NotAllowed("not_your_facility", zh, en)


def _texts(**texts: str) -> dict[str, str]:
    checks = Checks("entitlement_change")
    found = {name: checks.text(name, text, maximum=1000) for name, text in texts.items()}
    checks.finish()
    return found


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
