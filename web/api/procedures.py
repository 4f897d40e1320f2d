"""Records, approvals, plan changes and schemes that deals wait for: drafted, filed, decided, exported."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

from flask import Response, request
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from circularity.deals.contract import Agreement, AgreementProcedure
from circularity.deals.filing_decisions import (
    acts_with_procedure,
    consent_to,
    grant_filed,
    refuse_filed,
    waiting_for_office,
    wants_consent,
)
from circularity.deals.filings import FILED, begin_procedure, file_draft, fill_procedure, take_back
from circularity.deals.procedure_timers import is_late
from circularity.forms.filing_facts import matter_of_agreement
from circularity.forms.filing_forms import NOT_OFFICIAL, FilingForm, fill_form, write_form
from circularity.party_listings import agreements_seen
from web.api.acting import Party, acting_for
from web.api.blueprint import OWN, ApiBlueprint
from web.api.file_bodies import WORKBOOK
from web.api.lookups import by_public_id
from web.api.named_acts import facts_of
from web.api.paging import Paging
from web.api.procedure_schemas import ACTS, FilingAnswer, FilingChange, FilingCreate, FilingQuery
from web.api.shapes import NothingAsked
from web.api.writing import now
from web.permission_check import note_shown, told_of
from web.session import read_session
from web.today import today

blp = ApiBlueprint("procedures", "Procedures that deals wait for; a form filled here replaces no filing.")

_ONE = f"{OWN}/procedures/<public_id:procedure_id>"
_VERBS: dict[str, Callable[..., None]] = {
    "fill": fill_procedure,
    "file": file_draft,
    "recall": take_back,
    "reopen": take_back,
    "consent": consent_to,
    "grant": grant_filed,
    "refuse": refuse_filed,
}


@blp.read(f"{OWN}/procedures", FilingAnswer, many=True, query=FilingQuery)
def list_procedures(
    query: dict[str, Any], organisation_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List the procedures of a party's deals or of an authority's region, the newest first."""
    session = read_session()
    party = acting_for(session, organisation_id)
    seen = _seen(party) & told_of(AgreementProcedure)
    wanted = select(AgreementProcedure).where(seen).order_by(AgreementProcedure.id.desc())
    if "status" in query:
        wanted = wanted.where(AgreementProcedure.status == query["status"])
    if query["waiting"]:
        waiting = [row.id for row in waiting_for_office(session, party.organisation, today())]
        wanted = wanted.where(AgreementProcedure.id.in_(waiting))
    rows, headers = Paging.of(query).of_statement(session, wanted)
    note_shown(rows)
    return [_shown(session, party, row) for row in rows], headers


@blp.read(_ONE, FilingAnswer)
def get_procedure(organisation_id: str, procedure_id: str) -> dict[str, Any]:
    """Read one procedure with its form."""
    session = read_session()
    party = acting_for(session, organisation_id)
    return _shown(session, party, _find(session, party, procedure_id))


@blp.download(f"{_ONE}/form.xlsx", WORKBOOK, query=NothingAsked)
def download_procedure_form(
    query: dict[str, Any],  # noqa: ARG001 - nothing needs to be said
    organisation_id: str,
    procedure_id: str,
) -> Response:
    """Download the form of a procedure, filled as far as it is."""
    session = read_session()
    row = _find(session, acting_for(session, organisation_id), procedure_id)
    book = io.BytesIO()
    write_form(_form(session, row), row.agreement.number, book)
    answer = Response(book.getvalue(), mimetype=WORKBOOK)
    answer.headers["Content-Disposition"] = 'attachment; filename="procedure.xlsx"'
    answer.add_etag()
    answer.make_conditional(request)
    return answer


@blp.create(
    f"{OWN}/agreements/<public_id:agreement_id>/procedure-drafts",
    FilingCreate,
    FilingAnswer,
    located="procedures.get_procedure",
    by="procedure_id",
)
def draft_procedure(
    session: Session, body: dict[str, Any], organisation_id: str, agreement_id: str
) -> dict[str, Any]:
    """Draft a procedure for a deal, as its sender."""
    party = acting_for(session, organisation_id)
    seen = agreements_seen(party.organisation, party.side, party.sites)
    agreement = by_public_id(session, Agreement, agreement_id, only=seen)
    who: dict[str, Any] = {"actor": party.actor, "at": now(), "by": party.organisation}
    made = begin_procedure(session, **who, agreement=agreement, kind=body["kind"])
    session.flush()
    return _shown(session, party, made)


@blp.change(_ONE, FilingChange, FilingAnswer)
def change_procedure(
    session: Session, body: dict[str, Any], organisation_id: str, procedure_id: str
) -> dict[str, Any]:
    """Fill, file, recall, reopen as the sender; consent, grant or refuse as an authority."""
    party = acting_for(session, organisation_id)
    row = _find(session, party, procedure_id)
    blp.check_etag(_shown(session, party, row), FilingAnswer)
    facts = facts_of(body, ACTS)
    if "limit_t" in facts:
        facts["limit_kg"] = facts.pop("limit_t")
    who: dict[str, Any] = {"actor": party.actor, "at": now(), "by": party.organisation}
    _VERBS[body["act"]](session, **who, procedure=row, **facts)
    session.flush()
    return _shown(session, party, row)


def _seen(party: Party) -> ColumnElement[bool]:
    """Return the condition for procedures that a party may see; drafts only for the two sides."""
    deals = select(Agreement.id).where(agreements_seen(party.organisation, party.side, party.sites))
    seen = AgreementProcedure.agreement_id.in_(deals) & AgreementProcedure.kind.in_(FILED)
    return seen & (AgreementProcedure.status != "to_file") if party.watches else seen


def _find(session: Session, party: Party, procedure_id: str) -> AgreementProcedure:
    return by_public_id(session, AgreementProcedure, procedure_id, only=_seen(party))


def _form(session: Session, row: AgreementProcedure) -> FilingForm:
    return fill_form(matter_of_agreement(session, row.agreement, today()), row.kind, row.filled)


def _shown(session: Session, party: Party, row: AgreementProcedure) -> dict[str, Any]:
    on, form, grant = today(), _form(session, row), row.grant
    plain = ("kind", "status", "filed_on", "expected_on", "granted_on", "reasons")
    return {name: getattr(row, name) for name in plain} | {
        "id": row.public_id,
        "agreement_id": row.agreement.public_id,
        "legal_acts": list(acts_with_procedure(session, row, party.organisation, on)),
        "authority_zh": form.rule.authority_zh,
        "authority_en": form.rule.authority_en,
        "late": is_late(row, on),
        "consent_missing": row.status == "filed" and wants_consent(session, row, on),
        "consent": row.consent or None,
        "document": row.document or None,
        "grant_id": grant.public_id if grant else None,
        "valid_to": grant.valid_to if grant else None,
        "limit_kg": grant.limit_kg if grant else None,
        "fields_of_form": [
            {
                "field": each.row.field,
                "name_zh": each.row.name_zh,
                "name_en": each.row.name_en,
                "typed": each.is_typed,
                "text": each.text or None,
            }
            for each in form.fields
        ],
        "not_official": " ".join(NOT_OFFICIAL),
    }
