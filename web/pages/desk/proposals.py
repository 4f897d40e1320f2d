"""Proposals to the party one acts for: open ones, those under way, and answering one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.acceptance.rules import CONDITIONS, PROCEDURES
from circularity.deals.contract import Agreement
from circularity.deals.filings import FILED
from circularity.deals.proposals import answer_proposal, decline_proposal, proposed_terms, stands_until
from circularity.errors import NotAllowed, NotFound
from circularity.party_listings import proposals, proposals_seen, total
from circularity.runs.stored import PROPOSAL_STATUSES, Proposal
from web.pages.desk.acting import Acting, acting, require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.pages.desk.terms_form import CHOICES, read_terms, typed_terms
from web.pages.requests import choice, page_of
from web.permission_check import note_shown, told_of
from web.session import read_session


def show_proposals() -> str:
    """Show the proposals to the party one acts for."""
    session, party = read_session(), acting()
    status = choice("status", PROPOSAL_STATUSES) or "open"
    page = None
    if party is not None:
        seen = proposals_seen(party.organisation, party.side, party.sites) & told_of(Proposal)
        wanted = proposals(seen, status)
        page = page_of(
            total(session, wanted),
            lambda limit, offset: session.scalars(wanted.limit(limit).offset(offset)).all(),
        )
        note_shown(page.rows)
    return render_template("proposals.html", page=page, status=status, statuses=PROPOSAL_STATUSES)


def show_proposal(public_id: str) -> str:
    """Show one proposal with the ways to answer it."""
    session, party = read_session(), require_acting()
    proposal = find_proposal(session, party, public_id)
    deal = session.scalar(
        select(Agreement).filter_by(proposal_id=proposal.id).order_by(Agreement.id.desc()).limit(1)
    )
    terms = proposed_terms(proposal)
    facts: dict[str, Any] = {"terms": terms, "typed": typed_terms(terms), "deal": deal, "choices": CHOICES}
    facts["stands_until"] = stands_until(session, proposal)
    facts["forms"] = [kind for kind in map(_procedure_of, proposal.conditions) if kind in FILED]
    return render_template(
        "proposal.html", proposal=proposal, answers=not party.watches, party=party, **facts
    )


def _procedure_of(condition: str) -> str:
    """Return the kind of procedure that meets a condition of a proposal."""
    return PROCEDURES[CONDITIONS.index(condition)] if condition in CONDITIONS else ""


def accept_proposal(public_id: str) -> Answer:
    """Accept a proposal as it is."""
    return _answer("accept", public_id)


def counter_proposal(public_id: str) -> Answer:
    """Answer a proposal with other terms."""
    return _answer("counter", public_id)


def refuse_proposal(public_id: str) -> Answer:
    """Decline a proposal, without a reason."""
    party = require_acting()

    def decline(session: Session, at: datetime) -> str:
        proposal = find_proposal(session, party, public_id)
        decline_proposal(session, actor=party.actor, at=at, proposal=proposal, side=_side(party))
        return url_for("desk.proposals")

    return attempt("decline", decline, lambda: show_proposal(public_id))


def _answer(act: str, public_id: str) -> Answer:
    party = require_acting()

    def answer(session: Session, at: datetime) -> str:
        proposal = find_proposal(session, party, public_id)
        terms = read_terms(FormValues()) if act == "counter" else None
        facts = {"actor": party.actor, "at": at, "proposal": proposal, "side": _side(party)}
        deal = answer_proposal(session, terms=terms, **facts)  # type: ignore[arg-type]  # the facts are the verb's own
        return url_for("desk.agreement", public_id=deal.public_id)

    return attempt(act, answer, lambda: show_proposal(public_id))


def _side(party: Acting) -> str:
    """Return the side that answers; raises NotAllowed for who only watches or carries."""
    if party.side not in ("generator", "facility"):
        zh, en = "只有建议的双方可以答复", "only the two sides of a proposal answer it"
        raise NotAllowed("not_a_party", zh, en)
    return party.side


def find_proposal(session: Session, party: Acting, public_id: str) -> Proposal:
    """Return a proposal that the party may see."""
    seen = proposals_seen(party.organisation, party.side, party.sites)
    found = session.scalar(select(Proposal).filter_by(public_id=public_id).where(seen))
    if found is None:
        raise NotFound("proposal", "没有这一建议", "there is no such proposal", id=public_id[:40])
    return found
