"""One treatment: its facility and authority see all of it, a sender its own share, new until it opens it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.custody.reception import Treatment, TreatmentInput
from circularity.custody.treatment_notices import Outcome, inputs_of, note_told, outcome_for
from circularity.errors import NotFound
from circularity.party_listings import facilities_seen, sites_seen, treatments_seen
from web.pages.desk.acting import Acting, require_acting
from web.pages.desk.attempts import Answer, attempt
from web.session import read_session


@dataclass(frozen=True)
class SeenTreatment:
    """A treatment as one party may see it: its loads, and what came of them; `told_at` None: new to it."""

    treatment: Treatment
    inputs: list[TreatmentInput]
    outcome: Outcome
    is_whole_seen: bool
    """Whether the party sees every load and result, not only its own share."""

    @property
    def told_at(self) -> datetime | None:
        """When the party opened it as the sender."""
        moments = [row.told_at for row in self.inputs]
        return max((at for at in moments if at), default=None) if all(moments) else None


def seen_treatment(session: Session, treatment: Treatment, party: Acting) -> SeenTreatment:
    """Return a treatment as the party sees it."""
    seen = facilities_seen(party.organisation, party.side, party.sites)
    if treatment.facility_id in set(session.scalars(seen)):
        return SeenTreatment(treatment, treatment.inputs, outcome_for(treatment, treatment.input_kg), True)
    sites = set(session.scalars(sites_seen(party.organisation, party.side, party.sites)))
    mine = [row for row in treatment.inputs if row.receipt.line.transfer.sender_site_id in sites]
    return SeenTreatment(treatment, mine, outcome_for(treatment, sum(row.mass_kg for row in mine)), False)


def show_treatment(public_id: str) -> str:
    """Show one treatment."""
    session, party = read_session(), require_acting()
    treatment = _find(session, party, public_id)
    seen = seen_treatment(session, treatment, party)
    is_sender = not party.watches and bool(inputs_of(session, treatment, party.organisation))
    return render_template("treatment.html", seen=seen, is_sender=is_sender)


def open_treatment(public_id: str) -> Answer:
    """Note that the sender has been told, and show it."""
    party = require_acting()

    def told(session: Session, at: datetime) -> str:
        treatment = _find(session, party, public_id)
        sender = party.of(session)
        note_told(session, actor=party.actor, at=at, treatment=treatment, sender=sender)
        return url_for("desk.treatment", public_id=public_id)

    return attempt("opening", told, lambda: show_treatment(public_id))


def _find(session: Session, party: Acting, public_id: str) -> Treatment:
    seen = treatments_seen(party.organisation, party.side, party.sites)
    found = session.scalar(select(Treatment).filter_by(public_id=public_id).where(seen))
    if found is None:
        raise NotFound("treatment", "没有这一处理记录", "there is no such treatment", id=public_id[:40])
    return found
