"""What facilities may take: its changes asked for by the facility, confirmed or refused by the authority."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from circularity.catalogue.operations import all_operations
from circularity.errors import NotFound
from circularity.organisations import Organisation
from circularity.registry.capacity import restate_outside, restatements_of
from circularity.registry.entitlements import (
    CapacityWindow,
    Entitlement,
    EntitlementLine,
    Facility,
    LineGroup,
)
from circularity.whitelist.entitlement_changes import CHANGES, EntitlementChange
from circularity.whitelist.entitlement_requests import (
    confirm_change,
    refuse_change,
    request_change,
    withdraw_change,
)
from circularity.whitelist.offices import CONFIRM, decides_on, sees
from web.api.lookups import named_in_body
from web.pages.desk.acting import Acting, acting, require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.pages.requests import page_of
from web.permission_check import note_shown
from web.session import read_session
from web.today import today


def show_entitlements() -> str:
    """Show the entitlements of the party one acts for, or of its region, and the changes that wait."""
    session, party = read_session(), acting()
    facts: dict[str, Any] = {"party": party}
    if party is not None:
        found = [row for row in _all(session) if _concerns(session, party, row.facility)]
        asked = session.scalars(select(EntitlementChange).filter_by(status="requested")).all()
        page = page_of(len(found), lambda limit, offset: found[offset : offset + limit])
        waiting = [row for row in asked if _concerns(session, party, row.entitlement.facility)]
        note_shown([*page.rows, *waiting])
        facts |= {"page": page, "waiting": waiting}
    return render_template("register/entitlements.html", **facts)


def _concerns(session: Session, party: Acting, facility: Facility) -> bool:
    """Tell whether a facility is at one of the party's sites, or in its region."""
    return party.acts_at(facility.site) or (
        not party.sites and sees(session, party.organisation, facility, today())
    )


def show_entitlement(public_id: str) -> str:
    """Show one entitlement with its lines, its changes and the form of another."""
    session, party = read_session(), require_acting()
    entitlement = _find(session, party.organisation, public_id)
    changes = select(EntitlementChange).filter_by(entitlement_id=entitlement.id)
    facts = {
        "changes": session.scalars(changes.order_by(EntitlementChange.id.desc())).all(),
        "decides": decides_on(session, party.organisation, entitlement.facility, today(), CONFIRM),
        "owns": entitlement.facility.site.organisation_id == party.organisation.id,
        "operations": all_operations(today()),
        "windows": [window for line in entitlement.lines for window in line.windows],
        "restated": restatements_of(session, entitlement),
    }
    return render_template("register/entitlement.html", entitlement=entitlement, **facts)


def ask_change(public_id: str) -> Answer:
    """Ask for one change of an entitlement."""
    party = require_acting()

    def run(session: Session, at: datetime) -> str:
        form, by = FormValues(), party.of(session)
        entitlement = _find(session, by, public_id)
        kind = form.text("kind")
        about: dict[str, Any] = {"actor": party.actor, "at": at, "by": by} | _subject(session, form, kind)
        wanted = _wanted(form, kind)
        form.finish()
        about |= {name: form.text(name) for name in ("document", "reason")}
        request_change(session, **about, entitlement=entitlement, kind=kind, wanted=wanted)
        return url_for("register.entitlement", public_id=public_id)

    asked = request.form.get("kind", "")
    return attempt(asked if asked in CHANGES else CHANGES[0], run, lambda: show_entitlement(public_id))


def act_on_change(public_id: str, act: str) -> Answer:
    """Confirm, refuse or withdraw a change."""
    party = require_acting()

    def run(session: Session, at: datetime) -> str:
        by = party.of(session)
        change = _find_change(session, by, public_id)
        facts: dict[str, Any] = {"actor": party.actor, "at": at, "by": by, "change": change}
        if act in ("confirm", "refuse"):
            verb = confirm_change if act == "confirm" else refuse_change
            verb(session, **facts, answer=FormValues().text("answer"))
        elif act == "withdraw":
            withdraw_change(session, **facts)
        else:
            raise NotFound("act", "没有这一操作", "there is no such act")
        return url_for("register.entitlement", public_id=change.entitlement.public_id)

    def show() -> str:
        change = _find_change(read_session(), party.organisation, public_id)
        return show_entitlement(change.entitlement.public_id)

    return attempt(act, run, show)


def restate(public_id: str) -> Answer:
    """State anew what a window took outside the platform, for the facility itself."""
    party = require_acting()

    def run(session: Session, at: datetime) -> str:
        form, by = FormValues(), party.of(session)
        entitlement = _find(session, by, public_id)
        window = named_in_body(session, CapacityWindow, "window", form.text("window"))
        if window.line.entitlement_id != entitlement.id:
            raise NotFound("window", "没有这一产能", "there is no such window", id=public_id[:40])
        masses: dict[str, Any] = {
            "received_kg": form.mass("received_t"),
            "committed_kg": form.mass("committed_t"),
        }
        form.finish()
        about: dict[str, Any] = {"actor": party.actor, "at": at, "by": by, "window": window}
        restate_outside(session, **about, **masses, reason=form.text("reason"))
        return url_for("register.entitlement", public_id=public_id)

    return attempt("restate", run, lambda: show_entitlement(public_id))


def _subject(session: Session, form: FormValues, kind: str) -> dict[str, Any]:
    """Return the line or the group that a change of a limit names."""
    if kind == "line_limit" and form.text("entitlement_line"):
        field = "entitlement_line"
        return {"line": named_in_body(session, EntitlementLine, field, form.text(field))}
    if kind == "group_limit" and form.text("line_group"):
        return {"group": named_in_body(session, LineGroup, "line_group", form.text("line_group"))}
    return {}


def _wanted(form: FormValues, kind: str) -> dict[str, Any]:
    """Return what the fields of this kind say; an empty limit is none, an empty day is open."""
    if kind == "validity":
        return {name: _day(form, name) for name in ("valid_from", "valid_to")}
    if kind == "new_group":
        return {"annual_limit_kg": form.mass("annual_limit_t"), "lines": request.form.getlist("lines")}
    limit = {"annual_limit_kg": form.maybe_mass("annual_limit_t")}
    if kind != "new_line":
        return limit
    return limit | {name: form.text(name) for name in ("waste_pattern", "operation")}


def _day(form: FormValues, name: str) -> date | None:
    return form.day(name) if form.text(name) else None


def _all(session: Session) -> list[Entitlement]:
    loaded = joinedload(Entitlement.facility).joinedload(Facility.site)
    return list(session.scalars(select(Entitlement).options(loaded).order_by(Entitlement.id)))


def _find(session: Session, organisation: Organisation, public_id: str) -> Entitlement:
    found = session.scalar(select(Entitlement).filter_by(public_id=public_id))
    if found is None or not sees(session, organisation, found.facility, today()):
        raise NotFound("entitlement", "没有这一资质", "there is no such entitlement", id=public_id[:40])
    return found


def _find_change(session: Session, organisation: Organisation, public_id: str) -> EntitlementChange:
    found = session.scalar(select(EntitlementChange).filter_by(public_id=public_id))
    if found is None or not sees(session, organisation, found.entitlement.facility, today()):
        raise NotFound("entitlement_change", "没有这一变更", "there is no such change", id=public_id[:40])
    return found
