"""A procedure from its draft to its filing: what the sender types into its form, files and takes back.

What the authority does with it is `circularity.deals.filing_decisions`. A form filled here never replaces
the official filing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.catalogue import procedures
from circularity.catalogue.procedure_fields import ProcedureField, fields_of
from circularity.catalogue.procedures import Procedure
from circularity.deals.contract import Agreement, AgreementProcedure
from circularity.deals.procedures import kinds_about, next_of
from circularity.deals.sides import lock
from circularity.deals.still_lawful import listings_of
from circularity.errors import NotAllowed, RuleBroken
from circularity.fields import Checks
from circularity.lifecycle import advance
from circularity.organisations import Organisation

MAX_TEXT = 2000


FILED = ("general_record", "general_approval", "hazardous_approval", "plan_change", "exemption_evidence")
"""Kinds that are filed with an authority; an assay is a laboratory's."""


def begin_procedure(
    session: Session, *, actor: Actor, at: datetime, agreement: Agreement, by: Organisation, kind: str
) -> AgreementProcedure:
    """Draft a procedure for a deal, or return the draft that waits already. Raises BadInput, NotAllowed."""
    checks = Checks("agreement_procedure")
    kind = checks.word("kind", kind, [word for word in kinds_about(agreement) if word in FILED])
    checks.finish()
    lock(session, agreement)
    _require_sender(agreement, by)
    known = {row.public_id for row in agreement.procedures}
    procedure = next_of(session, agreement, kind, filed=False)
    session.flush()
    if procedure.public_id not in known:
        record(session, actor, at, "procedure.begun", procedure, {"agreement": agreement, "kind": kind})
    return procedure


def fill_procedure(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    procedure: AgreementProcedure,
    by: Organisation,
    filled: Mapping[str, str],
) -> None:
    """Type what the platform does not know into a draft; an empty text empties its field. Raises BadInput."""
    hold_procedure(session, procedure)
    _require_sender(procedure.agreement, by)
    checks = Checks("agreement_procedure")
    open_fields = {row.field for row in form_fields(procedure, delta_day(at)) if not row.known_from}
    values = dict(procedure.filled)
    for name, text in filled.items():
        if name not in open_fields:
            checks.refuse(
                name, "unknown_field", text[:80], "表中没有这一栏", "the form asks for no such thing"
            )
        values[name] = checks.text(name, text, maximum=MAX_TEXT, required=False)
    checks.finish()
    advance(procedure, "procedure", "fill", "generator")
    before, procedure.filled = procedure.filled, {name: text for name, text in values.items() if text}
    changed = {name: text for name, text in values.items() if before.get(name, "") != text}
    record(session, actor, at, "procedure.filled", procedure, {"by": by, "filled": changed})


def file_draft(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    procedure: AgreementProcedure,
    by: Organisation,
    document: str = "",
) -> None:
    """File a drafted procedure with its authority; it is expected after its lead time.

    Raises NotAllowed; RuleBroken `not_agreed` before both sides have agreed.
    """
    document = text_of("document", document, 200, required=False)
    agreement, on = hold_procedure(session, procedure), delta_day(at)
    _require_sender(agreement, by)
    require_standing(agreement)
    advance(procedure, "procedure", "file", "generator")
    procedure.filed_on, procedure.document, procedure.reasons = on, document, ""
    lead = rule_of(session, procedure, on).lead_working_days
    procedure.expected_on = procedures.add_working_days(on, lead)
    facts = {"by": by, "agreement": agreement, "kind": procedure.kind, "expected_on": procedure.expected_on}
    record(session, actor, at, "procedure.filed", procedure, facts | {"document": document})


def take_back(
    session: Session, *, actor: Actor, at: datetime, procedure: AgreementProcedure, by: Organisation
) -> None:
    """Take a filing back, or open a refused one, to change and file it again."""
    agreement = hold_procedure(session, procedure)
    _require_sender(agreement, by)
    advance(procedure, "procedure", "reopen" if procedure.status == "refused" else "recall", "generator")
    procedure.filed_on, procedure.expected_on, procedure.consent = None, None, ""
    record(session, actor, at, "procedure.taken_back", procedure, {"by": by})


def rule_of(session: Session, procedure: AgreementProcedure, on: date) -> Procedure:
    """Return the rule of the catalogue that a procedure follows on a day: a white list may shorten it."""
    agreement = procedure.agreement
    pair = agreement.site, agreement.facility, agreement.waste_code, agreement.operation
    listed = bool(listings_of(session, *pair, on))
    return procedures.find(procedure.kind, agreement.site.region_code, on, listed)


def form_fields(procedure: AgreementProcedure, on: date) -> tuple[ProcedureField, ...]:
    """Return the fields of a procedure's form where its waste comes from."""
    return fields_of(procedure.kind, procedure.agreement.site.region_code, on)


def hold_procedure(session: Session, procedure: AgreementProcedure) -> Agreement:
    """Read a procedure and its deal as they now are and let nobody else change them; return the deal."""
    lock(session, procedure.agreement)
    session.refresh(procedure, with_for_update={"of": AgreementProcedure})
    return procedure.agreement


def require_standing(agreement: Agreement) -> None:
    """Raise RuleBroken `not_agreed` unless both sides have agreed and the deal has not ended."""
    if agreement.status not in ("agreed", "suspended"):
        zh, en = "协议未达成或已结束", "the deal is not agreed, or has ended"
        raise RuleBroken("not_agreed", zh, en, agreement=agreement.number, status=agreement.status)


def text_of(field: str, value: str, maximum: int, *, required: bool = True) -> str:
    """Return a checked text; raises BadInput."""
    checks = Checks("agreement_procedure")
    text = checks.text(field, value, maximum=maximum, required=required)
    checks.finish()
    return text


def _require_sender(agreement: Agreement, by: Organisation) -> None:
    if by.id != agreement.site.organisation_id:
        zh, en = "只有产生（移出）单位办理", "only the sender's organisation files it"
        raise NotAllowed("not_the_sender", zh, en)
