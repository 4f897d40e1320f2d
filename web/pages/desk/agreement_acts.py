"""What a party does about one deal: accept, confirm, counter, decline, end, pause; its procedures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import request, url_for
from sqlalchemy.orm import Session

from circularity.deals.agreements import ask_to_end, end_agreement, resume, suspend, withdraw_end
from circularity.deals.contract import Agreement
from circularity.deals.offers import accept, confirm, counter, decline, make_offer
from circularity.deals.procedures import attach_grant, file_procedure, note_granted
from circularity.errors import NotAllowed, NotFound
from circularity.whitelist import ProcedureGrant
from web.api.lookups import named_in_body
from web.pages.desk.acting import Acting, require_acting, sides_in
from web.pages.desk.agreements import find_agreement, show_agreement
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.pages.desk.terms_form import read_terms

PLAIN: dict[str, Callable[..., Any]] = {
    "accept": accept,
    "confirm": confirm,
    "decline": decline,
    "ask_to_end": ask_to_end,
    "withdraw_end": withdraw_end,
    "end": end_agreement,
}
"""Acts that need nothing but who does them."""

OFFERS: dict[str, Callable[..., Any]] = {"counter": counter, "revise": make_offer}


def answer_agreement(public_id: str, act: str) -> Answer:
    """Take one step with a deal, as the side one acts for."""

    def step(session: Session, agreement: Agreement, facts: dict[str, Any], party: Acting) -> None:
        if act in ("suspend", "resume"):
            _pause(session, act, facts, party)
            return
        facts["side"] = _side(agreement, party)
        if act in OFFERS:
            OFFERS[act](session, terms=read_terms(FormValues()), **facts)
        elif act in PLAIN:
            PLAIN[act](session, **facts)
        else:
            raise NotFound("act", "没有这一操作", "there is no such act")

    return _on(public_id, act, step)


def add_procedure(public_id: str) -> Answer:
    """Note that a procedure was filed, or that one which needs no grant is met."""

    def note(session: Session, agreement: Agreement, facts: dict[str, Any], party: Acting) -> None:
        _side(agreement, party)
        form = FormValues()
        facts |= {"kind": form.text("kind"), "document": form.text("document")}
        if request.form.get("met"):
            facts["granted_on"] = form.day("granted_on")
            form.finish()
            note_granted(session, **facts)
            return
        facts["filed_on"] = form.day("filed_on")
        form.finish()
        file_procedure(session, **facts)

    return _on(public_id, "met" if request.form.get("met") else "file", note)


def add_grant(public_id: str) -> Answer:
    """Hang a granted procedure on a deal."""

    def hang(session: Session, agreement: Agreement, facts: dict[str, Any], party: Acting) -> None:
        _side(agreement, party)
        form = FormValues()
        grant = named_in_body(session, ProcedureGrant, "grant", form.text("grant"))
        mass_kg = form.maybe_mass("mass_t")
        form.finish()
        attach_grant(session, grant=grant, mass_kg=mass_kg, **facts)

    return _on(public_id, "grant", hang)


def _on(
    public_id: str, form: str, act: Callable[[Session, Agreement, dict[str, Any], Acting], None]
) -> Answer:
    """Do one thing to a deal and come back to its page."""
    party = require_acting()

    def run(session: Session, at: datetime) -> str:
        agreement = find_agreement(session, party, public_id)
        act(session, agreement, {"actor": party.actor, "at": at, "agreement": agreement}, party)
        return url_for("desk.agreement", public_id=public_id)

    return attempt(form, run, lambda: show_agreement(public_id))


def _side(agreement: Agreement, party: Acting) -> str:
    sides = sides_in(agreement, party)
    if not sides:
        raise NotAllowed("not_a_party", "只有协议双方可以操作", "only the two sides of a deal act on it")
    return sides[0]


def _pause(session: Session, act: str, facts: dict[str, Any], party: Acting) -> None:
    if party.side != "authority":
        raise NotAllowed("not_an_authority", "只有主管部门可以暂停", "only an authority pauses a deal")
    if act == "suspend":
        suspend(session, who="authority", reason=FormValues().text("reason"), **facts)
    else:
        resume(session, who="authority", **facts)
