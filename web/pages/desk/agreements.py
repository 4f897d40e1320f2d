"""Agreements of the party one acts for: the list, and one with its offers, limits, procedures, shipments."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import render_template
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from circularity.catalogue.procedures import add_working_days
from circularity.custody.manifests import LineAgreement, Transfer, TransferLine
from circularity.deals.agreements import end_asked_by, gaps, in_force_on
from circularity.deals.ceilings import Hold
from circularity.deals.contract import Agreement
from circularity.deals.filings import FILED, rule_of
from circularity.deals.procedures import NOTED, kinds_about
from circularity.deals.still_lawful import grant_suits, granted_kinds, verdict_of
from circularity.errors import NotFound
from circularity.lifecycle import legal_acts, states
from circularity.party_listings import agreements, agreements_seen, total
from circularity.whitelist import ProcedureGrant
from web.pages.desk.acting import WHO, Acting, acting, require_acting, sides_in
from web.pages.desk.terms_form import CHOICES, typed_terms
from web.pages.desk.waiting import gaps_of, my_turn
from web.pages.requests import choice, page_of
from web.permission_check import note_shown, told_of
from web.session import read_session
from web.today import today

PARTY_OF = {"generator": "generator", "facility": "receiver"}
LATEST = 10


def show_agreements() -> str:
    """Show the deals of the party one acts for, and the gaps ahead of them."""
    session, party = read_session(), acting()
    status, turn = choice("status", states("agreement")), choice("turn", ("mine",))
    on = choice("on", ("today",))
    facts: dict[str, Any] = {"page": None, "gaps": []}
    if party is not None:
        seen = agreements_seen(party.organisation, party.side, party.sites) & told_of(Agreement)
        if turn:
            seen &= my_turn(party)
        if on:
            seen &= in_force_on(today())
        wanted = agreements(seen, (status,) if status else ())
        page = page_of(
            total(session, wanted),
            lambda limit, offset: session.scalars(wanted.limit(limit).offset(offset)).all(),
        )
        ahead = gaps_of(session, party)
        note_shown([*page.rows, *(gap.agreement for gap in ahead)])
        facts |= {"page": page, "gaps": ahead}
    facts |= {"status": status, "states": states("agreement"), "turn": turn, "on": on}
    return render_template("agreements.html", **facts)


def show_agreement(public_id: str) -> str:
    """Show one deal."""
    session, party = read_session(), require_acting()
    agreement = find_agreement(session, party, public_id)
    kinds = kinds_about(agreement)
    facts = {
        "typed": typed_terms(agreement.offer),
        "choices": CHOICES,
        "acts": _acts(session, agreement, party),
        "end_asked": _end_asked(session, agreement),
        "holds": session.scalars(
            select(Hold)
            .filter_by(agreement_id=agreement.id)
            .where(Hold.status != "released")
            .options(joinedload(Hold.ceiling))
            .order_by(Hold.id)
        ).all(),
        "findings": _findings(session, agreement),
        "gaps": [gap for gap in gaps(session, today()) if gap.agreement is agreement],
        "transfers": _transfers(session, agreement),
        "if_filed": _if_filed_today(session, agreement),
        "kinds": kinds,
        "noted": [kind for kind in kinds if kind in NOTED],
        "filed": FILED,
        "grants": _grants(session, agreement),
        "party": party,
        "today": today(),
    }
    return render_template("agreement.html", agreement=agreement, **facts)


def find_agreement(session: Session, party: Acting, public_id: str) -> Agreement:
    """Return a deal that the party may see; raises NotFound."""
    seen = agreements_seen(party.organisation, party.side, party.sites)
    found = session.scalar(select(Agreement).filter_by(public_id=public_id).where(seen))
    if found is None:
        raise NotFound("agreement", "没有这一协议", "there is no such agreement", id=public_id[:40])
    return found


def _acts(session: Session, agreement: Agreement, party: Acting) -> dict[str, str]:
    """Return what the party may do now, each with the side it does it on ("" = as an authority)."""
    sides = sides_in(agreement, party)
    found = {act: side for side in sides for act in legal_acts("agreement", agreement.status, PARTY_OF[side])}
    if party.watches:
        found |= dict.fromkeys(legal_acts("agreement", agreement.status, WHO.get(party.side, "none")), "")
    for act in _idle(end_asked_by(session, agreement), frozenset(sides)):
        found.pop(act, None)
    return found


def _end_asked(session: Session, agreement: Agreement) -> list[str]:
    """Return who waits for an answer to its request to end a deal that still stands."""
    standing = agreement.status in ("agreed", "suspended")
    return sorted(end_asked_by(session, agreement)) if standing else []


def _idle(asked: frozenset[str], sides: frozenset[str]) -> tuple[str, ...]:
    """Return the acts about ending that lead nowhere now: asking twice, agreeing to what nobody asked."""
    if asked - sides:
        return ("ask_to_end", "withdraw_end")
    return ("ask_to_end", "end") if asked & sides else ("withdraw_end", "end")


def _findings(session: Session, agreement: Agreement) -> list[Any]:
    """Return what stands against the deal as of today, without taking hold of anything."""
    if agreement.status in ("declined", "expired", "ended"):
        return []
    offer, on = agreement.offer, today()
    return verdict_of(
        session,
        site=agreement.site,
        waste_code=agreement.waste_code,
        line=agreement.line,
        operation=agreement.operation,
        on=on,
        output=agreement.output,
        window=agreement.window,
        days=(max(on, offer.valid_from), max(on, offer.valid_to)),
        mass_kg=offer.mass_kg,
        held=granted_kinds(agreement, on),
    )


def _if_filed_today(session: Session, agreement: Agreement) -> dict[str, date]:
    """Return when each procedure that is still to be filed could be expected, by its public id."""
    waiting = [row for row in agreement.procedures if row.status == "to_file"]
    return {
        row.public_id: add_working_days(today(), rule_of(session, row, today()).lead_working_days)
        for row in waiting
    }


def _transfers(session: Session, agreement: Agreement) -> list[Transfer]:
    """Return the newest transfers on a deal, those where only one line is on it too."""
    lines = (
        select(TransferLine.transfer_id)
        .join(LineAgreement, LineAgreement.line_id == TransferLine.id)
        .where(LineAgreement.agreement_id == agreement.id)
    )
    wanted = select(Transfer).where(
        (Transfer.agreement_id == agreement.id) | Transfer.id.in_(lines), Transfer.status != "cancelled"
    )
    return list(session.scalars(wanted.order_by(Transfer.day_to.desc(), Transfer.id.desc()).limit(LATEST)))


def _grants(session: Session, agreement: Agreement) -> list[ProcedureGrant]:
    """Return the grants that could hang on a deal and do not yet."""
    known = {procedure.grant_id for procedure in agreement.procedures}
    rows = session.scalars(
        select(ProcedureGrant)
        .filter_by(facility_id=agreement.facility_id)
        .where(ProcedureGrant.valid_to >= today())
        .order_by(ProcedureGrant.id)
    )
    pair = agreement.site, agreement.facility, agreement.waste_code
    return [grant for grant in rows if grant.id not in known and grant_suits(grant, *pair)]
