"""Procedures of the party one acts for: what waits, one with its form, its timers, its files."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import quote

from flask import Response, render_template, url_for
from flask_babel import gettext
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from circularity.accounts.standings import is_authority
from circularity.catalogue.legal import basis
from circularity.deals.contract import Agreement, AgreementProcedure
from circularity.deals.filing_decisions import (
    acts_with_procedure,
    latest_end,
    waiting_for_office,
    wants_consent,
)
from circularity.deals.filings import FILED
from circularity.deals.procedure_timers import is_late, renewals_due
from circularity.errors import NotFound
from circularity.forms.filing_facts import Matter, matter_of_agreement, matter_of_proposal
from circularity.forms.filing_forms import NOT_OFFICIAL, FilingForm, fill_form, write_form
from circularity.lifecycle import states
from circularity.party_listings import agreements_seen
from web.pages.desk.acting import Acting, acting, require_acting
from web.pages.desk.proposals import find_proposal
from web.pages.requests import choice, page_of
from web.permission_check import may_tell, note_shown, told_of
from web.session import read_session
from web.today import now, today
from web.words import word

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def show_procedures() -> str:
    """Show the procedures of a party's deals, or what waits for an authority; with what is to be renewed."""
    session, party = read_session(), acting()
    status = choice("status", states("procedure"))
    facts: dict[str, Any] = {"party": party, "status": status, "states": states("procedure"), "page": None}
    if party is not None:
        seen = agreements_seen(party.organisation, party.side, party.sites) & told_of(Agreement)
        found, due = _listed(session, seen, party, status), renewals_due(session, today(), seen)
        page = page_of(len(found), lambda limit, offset: found[offset : offset + limit])
        waiting = waiting_for_office(session, party.organisation, today())
        note_shown([*page.rows, *(renewal.procedure for renewal in due)])
        facts |= {
            "page": page,
            "waiting": [row for row in waiting if may_tell(row, otherwise=True)],
            "due": due,
            "late": {row.public_id for row in found if is_late(row, today())},
        }
    return render_template("procedures/list.html", **facts)


def show_procedure(public_id: str) -> str:
    """Show one procedure: its form with what is known, where it stands, what one may do."""
    session, party = read_session(), require_acting()
    procedure = find_procedure(session, party, public_id)
    form = form_of(session, procedure)
    on = today()
    facts = {
        "form": form,
        "acts": acts_with_procedure(session, procedure, party.organisation, on),
        "legal": basis(form.rule.legal_key, on),
        "late": is_late(procedure, on),
        "latest": latest_end(session, procedure, on),
        "wants_consent": procedure.status == "filed" and wants_consent(session, procedure, on),
        "open_kg": max(procedure.agreement.offer.mass_kg - procedure.agreement.shipped_kg, 1),
        "not_official": NOT_OFFICIAL,
    }
    return render_template("procedures/procedure.html", procedure=procedure, **facts)


def download_form(public_id: str) -> Response:
    """Send the form of a procedure as a workbook."""
    session, party = read_session(), require_acting()
    procedure = find_procedure(session, party, public_id)
    return _workbook(form_of(session, procedure), procedure.kind, procedure.agreement.number)


def print_form(public_id: str) -> str:
    """Show the form of a procedure as sheets of A4 paper."""
    session, party = read_session(), require_acting()
    procedure = find_procedure(session, party, public_id)
    back = url_for("desk.procedure", public_id=public_id)
    return _sheet(form_of(session, procedure), procedure.kind, procedure.agreement.number, back)


def download_proposed_form(public_id: str, kind: str) -> Response:
    """Send the form that a proposal would need, before anything is agreed."""
    form = _proposed(public_id, kind)
    return _workbook(form, kind, gettext("proposal"))


def print_proposed_form(public_id: str, kind: str) -> str:
    """Show the form that a proposal would need as sheets of A4 paper."""
    back = url_for("desk.proposal", public_id=public_id)
    return _sheet(_proposed(public_id, kind), kind, gettext("proposal"), back)


def find_procedure(session: Session, party: Acting, public_id: str) -> AgreementProcedure:
    """Return a procedure of a deal that the party may see, drafts only for the parties; raises NotFound."""
    seen = agreements_seen(party.organisation, party.side, party.sites)
    wanted = select(AgreementProcedure).filter_by(public_id=public_id).join(AgreementProcedure.agreement)
    found = session.scalar(wanted.where(seen, AgreementProcedure.kind.in_(FILED)))
    if found is None or (found.status == "to_file" and is_authority(party.organisation)):
        raise NotFound("procedure", "没有这一手续", "there is no such procedure", id=public_id[:40])
    return found


def form_of(session: Session, procedure: AgreementProcedure) -> FilingForm:
    """Return the form of a procedure as it now is."""
    matter: Matter = matter_of_agreement(session, procedure.agreement, today())
    return fill_form(matter, procedure.kind, procedure.filled)


def _listed(
    session: Session, seen: ColumnElement[bool], party: Acting, status: str
) -> list[AgreementProcedure]:
    """Return the procedures of deals that a party may see, the newest first; an authority sees no drafts."""
    wanted = (
        select(AgreementProcedure)
        .join(AgreementProcedure.agreement)
        .where(seen, AgreementProcedure.kind.in_(FILED))
        .where(Agreement.status.in_(("agreed", "suspended")))
        .options(joinedload(AgreementProcedure.agreement).joinedload(Agreement.site))
        .order_by(AgreementProcedure.id.desc())
    )
    if is_authority(party.organisation):
        wanted = wanted.where(AgreementProcedure.status != "to_file")
    if status:
        wanted = wanted.where(AgreementProcedure.status == status)
    return list(session.scalars(wanted))


def _proposed(public_id: str, kind: str) -> FilingForm:
    session, party = read_session(), require_acting()
    proposal = find_proposal(session, party, public_id)
    if kind not in FILED:
        raise NotFound("procedure", "没有这一手续", "there is no such procedure", kind=kind[:40])
    return fill_form(matter_of_proposal(session, proposal, today()), kind, {})


def _workbook(form: FilingForm, kind: str, number: str) -> Response:
    book = io.BytesIO()
    title = f"{word('procedure', kind)} {number}"
    write_form(form, title, book)
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(title)}.xlsx"}
    return Response(book.getvalue(), mimetype=_XLSX, headers=headers)


def _sheet(form: FilingForm, kind: str, number: str, back: str) -> str:
    facts = {"form": form, "kind": kind, "number": number, "back": back, "not_official": NOT_OFFICIAL}
    legal = basis(form.rule.legal_key, today())
    return render_template("procedures/print.html", legal=legal, printed_at=now(), **facts)
