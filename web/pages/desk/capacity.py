"""A facility's own capacity: what it may take, what it offers, what is left, and which lots would suit it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.errors import NotAllowed, NotFound
from circularity.own_rates import own_capacity_used
from circularity.own_windows import (
    Offered,
    held_of_windows_kg,
    left_of_line_kg,
    lines_of,
    own_facilities,
    windows_seen,
)
from circularity.party_listings import facilities_seen
from circularity.rates.capacity_used import LineUse
from circularity.registry.capacity import offer_capacity, withdraw_capacity
from circularity.registry.entitlements import CapacityWindow, Entitlement, EntitlementLine, Facility
from circularity.registry.outputs import VISIBILITIES
from matching.advice.recommending import feed_for_window
from web.api.lookups import named_in_body
from web.pages.desk.acting import Acting, acting, require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.permission_check import note_shown, told_of
from web.session import read_session
from web.today import now, today

FORM = "window"
FEED = 20


def show_capacity() -> str:
    """Show the facilities of the party one acts for, their lines and what each offers."""
    session, party = read_session(), acting()
    wanted = own_facilities(party.organisation, party.side, party.sites) if party is not None else None
    facilities = session.scalars(wanted.where(told_of(Facility))).unique().all() if wanted is not None else []
    note_shown(facilities)
    found = [(facility, lines_of(session, facility, today())) for facility in facilities]
    used = [use for use in _used(session, party) if use.received_kg] if party is not None else []
    return render_template("capacity/list.html", facilities=found, used=used, today=today())


def show_window(public_id: str) -> str:
    """Show one window: what is held and left of it, and which lots would lawfully fit."""
    session, party = read_session(), require_acting()
    window = find_window(session, party, public_id)
    held = held_of_windows_kg(session, [window.id])
    facts = {
        "offered": Offered(window, held.get(window.id, 0)),
        "feed": feed_for_window(session, window, at=now(), limit=FEED),
        "own": _is_own(party, window.line),
    }
    return render_template("capacity/window.html", window=window, **facts)


def show_new_window() -> str:
    """Show the form of a window on the line that the address names."""
    session, party = read_session(), require_acting()
    line = own_line(session, party, request.values.get("line", ""))
    left = left_of_line_kg(session, line, today().year)
    return render_template(
        "capacity/form.html", line=line, left_kg=left, visibilities=VISIBILITIES, today=today()
    )


def post_window() -> Answer:
    """Offer the window and go to its page, where the lots are that would fit."""
    party = require_acting()

    def offer(session: Session, at: datetime) -> str:
        form = FormValues()
        named = named_in_body(session, EntitlementLine, "line", form.text("line"))
        line = own_line(session, party, named.public_id)
        facts: dict[str, Any] = {
            "available_from": form.maybe_day("available_from"),
            "available_to": form.maybe_day("available_to"),
            "permitted_kg": form.mass("permitted_t"),
            "received_kg": form.maybe_mass("received_t") or 0,
            "committed_kg": form.maybe_mass("committed_t") or 0,
            "stop_days": form.whole("stop_days") if form.text("stop_days") else 0,
            "gate_fee_ucny_per_kg": form.price("gate_fee_cny_per_t"),
            "max_distance_m": form.kilometres("max_distance_km"),
            "visibility": form.text("visibility"),
        }
        form.finish()
        window = offer_capacity(session, actor=party.actor, at=at, line=line, **facts)
        return url_for("desk.window", public_id=window.public_id)

    return attempt(FORM, offer, show_new_window)


def withdraw_window(public_id: str) -> Answer:
    """Take one window out of future runs."""
    party = require_acting()

    def withdraw(session: Session, at: datetime) -> str:
        window = find_window(session, party, public_id)
        own_line(session, party, window.line.public_id)
        withdraw_capacity(session, actor=party.actor, at=at, window=window)
        return url_for("desk.window", public_id=public_id)

    return attempt("withdraw", withdraw, lambda: show_window(public_id))


def find_window(session: Session, party: Acting, public_id: str) -> CapacityWindow:
    """Return a window that the party may see in full; raises NotFound."""
    seen = windows_seen(party.organisation, party.side, party.sites)
    found = session.scalar(select(CapacityWindow).filter_by(public_id=public_id).where(seen))
    if found is None:
        raise NotFound("window", "没有这一产能", "there is no such capacity window", id=public_id[:40])
    return found


def own_line(session: Session, party: Acting, public_id: str) -> EntitlementLine:
    """Return a line of the party's own facilities; raises NotFound, NotAllowed."""
    mine = Entitlement.facility_id.in_(facilities_seen(party.organisation, party.side, party.sites))
    wanted = select(EntitlementLine).join(EntitlementLine.entitlement).where(mine)
    found = session.scalar(wanted.where(EntitlementLine.public_id == public_id))
    if found is None:
        raise NotFound("line", "没有这一许可明细", "there is no such line", id=public_id[:40])
    if not _is_own(party, found):
        zh, en = "只有设施所属单位可以操作", "only the facility's own organisation does this"
        raise NotAllowed("not_a_party", zh, en)
    return found


def _used(session: Session, party: Acting) -> list[LineUse]:
    seen = party.organisation, party.side, party.sites
    return own_capacity_used(session, *seen, today(), told_of(Facility))


def _is_own(party: Acting, line: EntitlementLine) -> bool:
    return party.acts_at(line.entitlement.facility.site)
