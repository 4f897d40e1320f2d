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
from circularity.registry.capacity import fit_capacity
from circularity.registry.entitlements import Entitlement, EntitlementLine, Facility, LineGroup
from circularity.registry.facilities import add_entitlement_line
from circularity.registry.line_groups import add_line_group
from circularity.registry.permitted import refuse_above
from circularity.whitelist.entitlement_changes import CHANGES, EntitlementChange
from circularity.whitelist.offices import CONFIRM, require_office

_LIMITS = ("annual_limit", "line_limit", "group_limit")


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
    group: LineGroup | None = None,
) -> EntitlementChange:
    """Ask for one change of an entitlement, on the ground of a document; `kind` one of CHANGES.

    `wanted`: `annual_limit_kg` (None for no limit) for a limit; `valid_from`, `valid_to` for the validity;
    `waste_pattern`, `operation`, `annual_limit_kg` for a new line; `lines` (public ids, two or more) and
    `annual_limit_kg` for a limit that these lines share. Raises BadInput; NotAllowed for others
    than the facility's organisation; RuleBroken `change_waits` while another one does.
    """
    _require_owner(by, entitlement.facility)
    subject = _subject(kind, entitlement, line, group)
    values = _checked(kind, wanted, entitlement)
    texts = _texts(document=document, reason=reason)
    waits = select(EntitlementChange.id).filter_by(entitlement_id=entitlement.id, status="requested")
    if session.scalar(waits) is not None:
        zh, en = "该资质已有变更待确认", "a change of this entitlement is waiting already"
        raise RuleBroken("change_waits", zh, en)
    change = EntitlementChange(
        public_id=new_public_id(),
        entitlement=entitlement,
        line=line if kind == "line_limit" else None,
        group=group if kind == "group_limit" else None,
        organisation=by,
        kind=kind,
        wanted=values,
        before=_before(kind, subject),
        answer="",
        status="requested",
        asked_at=at,
        **texts,
    )
    session.add(change)
    session.flush()
    facts = {"entitlement": entitlement, "line": change.line, "group": change.group, "change": kind}
    facts |= values | texts
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


def _subject(
    kind: str, entitlement: Entitlement, line: EntitlementLine | None, group: LineGroup | None
) -> Entitlement | EntitlementLine | LineGroup:
    """Return what a change is about; raises RuleBroken `other_entitlement` where nothing fitting is named."""
    named: EntitlementLine | LineGroup | None = {"line_limit": line, "group_limit": group}.get(kind)
    if kind not in ("line_limit", "group_limit"):
        return entitlement
    if named is None or named.entitlement_id != entitlement.id:
        zh, en = "请选择该资质的一行或一组", "choose a line or a group of lines of this entitlement"
        raise RuleBroken("other_entitlement", zh, en, field=kind.removesuffix("_limit"))
    return named


def _checked(kind: str, wanted: Mapping[str, Any], entitlement: Entitlement) -> dict[str, Any]:
    """Return what is wanted as plain values. Raises BadInput."""
    checks = Checks("entitlement_change")
    checks.word("kind", kind, CHANGES)
    values: dict[str, Any] = {}
    if kind in (*_LIMITS, "new_line"):
        values["annual_limit_kg"] = checks.maybe("annual_limit_kg", wanted.get("annual_limit_kg"))
    if kind == "new_line":
        values["waste_pattern"] = checks.waste_pattern("waste_pattern", str(wanted["waste_pattern"]))
        values["operation"] = checks.operation("operation", str(wanted["operation"]))
    if kind == "new_group":
        values["annual_limit_kg"] = checks.kilograms("annual_limit_kg", wanted["annual_limit_kg"])
        values["lines"] = _lines(checks, wanted.get("lines", ()), entitlement)
    if kind == "validity":
        first, last = wanted.get("valid_from"), wanted.get("valid_to")
        checks.period("valid_from", first, "valid_to", last)
        values |= {"valid_from": _iso(first), "valid_to": _iso(last)}
    checks.finish()
    return values


def _lines(checks: Checks, ids: Iterable[str], entitlement: Entitlement) -> list[str]:
    """Return the public ids of two lines or more of an entitlement, in its order."""
    named = set(ids)
    known = [line.public_id for line in entitlement.lines if line.public_id in named]
    if len(known) < 2 or len(known) < len(named):
        zh, en = "请选择该资质的两行或更多明细", "choose two lines or more of this entitlement"
        checks.refuse("lines", "too_few", str(len(known)), zh, en)
    return known


def _before(kind: str, subject: Entitlement | EntitlementLine | LineGroup) -> dict[str, Any]:
    if kind == "validity" and isinstance(subject, Entitlement):
        return {"valid_from": _iso(subject.valid_from), "valid_to": _iso(subject.valid_to)}
    return {"annual_limit_kg": subject.annual_limit_kg} if kind in _LIMITS else {}


def _require_fit(change: EntitlementChange) -> None:
    """Refuse a line, or lines together, above their entitlement, whichever of the two is changed."""
    limit_kg: int | None = change.wanted.get("annual_limit_kg")
    entitlement = change.entitlement
    if change.kind == "annual_limit":
        for line in entitlement.lines:
            refuse_above("line_above_entitlement", "annual_limit_kg", line.annual_limit_kg, limit_kg)
        for group in entitlement.groups:
            refuse_above("group_above_entitlement", "annual_limit_kg", group.annual_limit_kg, limit_kg)
    elif change.kind in ("new_group", "group_limit"):
        whole_kg = entitlement.annual_limit_kg
        refuse_above("group_above_entitlement", "annual_limit_kg", limit_kg, whole_kg)
    elif change.kind != "validity":
        refuse_above("line_above_entitlement", "annual_limit_kg", limit_kg, entitlement.annual_limit_kg)


def _apply(session: Session, actor: Actor, at: datetime, change: EntitlementChange) -> None:
    entitlement, wanted = change.entitlement, change.wanted
    about: dict[str, Any] = {"actor": actor, "at": at}
    if change.kind == "new_line":
        add_entitlement_line(session, **about, entitlement=entitlement, **wanted)
        return
    if change.kind == "validity":
        entitlement.valid_from, entitlement.valid_to = _day(wanted["valid_from"]), _day(wanted["valid_to"])
        return
    limit_kg = wanted["annual_limit_kg"]
    if change.kind == "new_group":
        members = [line for line in entitlement.lines if line.public_id in set(wanted["lines"])]
        add_line_group(session, **about, entitlement=entitlement, lines=members, annual_limit_kg=limit_kg)
    else:
        subject = change.line or change.group or entitlement
        subject.annual_limit_kg = limit_kg
        members = [subject] if isinstance(subject, EntitlementLine) else subject.lines
    fit_capacity(session, **about, lines=members, limit_kg=limit_kg)


def _hold(session: Session, change: EntitlementChange) -> None:
    """Take hold of a change and of its entitlement: who reserves reads that under a share lock."""
    session.flush()
    session.refresh(change.entitlement, with_for_update={"of": Entitlement})
    session.expire(change.entitlement, ["lines", "groups"])
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
