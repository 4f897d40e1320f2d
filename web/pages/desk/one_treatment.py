"""One treatment: its facility and authority see all of it, a sender its own share, new until it opens it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.custody.reception import Treatment
from circularity.custody.treatment_notices import inputs_of, note_told
from circularity.custody.treatment_withdrawals import withdraw_treatment
from circularity.errors import NotAllowed, NotFound
from circularity.party_listings import treatments_seen
from circularity.seen_treatments import seen_treatment
from web.pages.desk.acting import Acting, require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.session import read_session


def show_treatment(public_id: str) -> str:
    """Show one treatment."""
    session, party = read_session(), require_acting()
    treatment = _find(session, party, public_id)
    seen = seen_treatment(session, treatment, party.organisation, party.side, party.sites)
    is_sender = not party.watches and bool(inputs_of(session, treatment, party.organisation, party.sites))
    own = party.acts_at(treatment.facility.site)
    return render_template("treatment.html", seen=seen, is_sender=is_sender, own=own)


def open_treatment(public_id: str) -> Answer:
    """Note that the sender has been told, and show it."""
    party = require_acting()

    def told(session: Session, at: datetime) -> str:
        treatment = _find(session, party, public_id)
        sender = party.of(session)
        facts: dict[str, Any] = {"treatment": treatment, "sender": sender, "only": party.sites}
        note_told(session, actor=party.actor, at=at, **facts)
        return url_for("desk.treatment", public_id=public_id)

    return attempt("opening", told, lambda: show_treatment(public_id))


def withdraw(public_id: str) -> Answer:
    """Take back what the facility recorded wrongly, and show it."""
    party = require_acting()

    def take_back(session: Session, at: datetime) -> str:
        treatment = _find(session, party, public_id)
        if not party.acts_at(treatment.facility.site):
            zh, en = (
                "只能撤回本单位设施的处理记录",
                "only its own organisation withdraws a facility's treatment",
            )
            raise NotAllowed("not_your_facility", zh, en)
        reason = FormValues().text("reason")
        withdraw_treatment(session, actor=party.actor, at=at, treatment=treatment, reason=reason)
        return url_for("desk.treatment", public_id=public_id)

    return attempt("withdrawing", take_back, lambda: show_treatment(public_id))


def _find(session: Session, party: Acting, public_id: str) -> Treatment:
    seen = treatments_seen(party.organisation, party.side, party.sites)
    found = session.scalar(select(Treatment).filter_by(public_id=public_id).where(seen))
    if found is None:
        raise NotFound("treatment", "没有这一处理记录", "there is no such treatment", id=public_id[:40])
    return found
