"""The procedures that an agreement waits for: filed, expected by their lead time, granted.

Records and approvals between provinces are grants; a plan change, a missing assay and the evidence of an
exemption are noted with their document. A sample may leave before it is analysed: that is what it is for.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy.orm import Session

from circularity.acceptance import Finding
from circularity.audit import Actor, record
from circularity.catalogue import procedures
from circularity.catalogue.waste_types import is_hazardous
from circularity.columns import new_public_id
from circularity.deals.contract import PROCEDURES, Agreement, AgreementProcedure
from circularity.deals.reservations import held_kg, take_committed
from circularity.deals.sides import lock
from circularity.deals.still_lawful import Broken, grant_suits, granted_kinds, listings_of, rules_of
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.lifecycle import advance
from circularity.whitelist import GRANT_KINDS, ProcedureGrant

NOTED = tuple(kind for kind in PROCEDURES if kind not in GRANT_KINDS)
"""Kinds that have a document and no grant."""

_OF_HAZARDOUS = ("hazardous_approval", "plan_change", "exemption_evidence")
_OF_GENERAL = ("general_record", "general_approval")


def kinds_about(agreement: Agreement) -> tuple[str, ...]:
    """Return the kinds of procedure that the law knows for the waste of an agreement."""
    others = _OF_GENERAL if is_hazardous(agreement.waste_code) else _OF_HAZARDOUS
    return tuple(kind for kind in PROCEDURES if kind not in others)


def missing_procedures(
    session: Session, agreement: Agreement, on: date, load_kg: int = 0, broken: Broken | None = None
) -> tuple[str, ...]:
    """Return the kinds of procedure without which nothing may leave on a day; empty = may leave."""
    return tuple(missing_conditions(session, agreement, on, load_kg, broken))


def missing_conditions(
    session: Session, agreement: Agreement, on: date, load_kg: int = 0, broken: Broken | None = None
) -> dict[str, Finding]:
    """Return what `missing_procedures` tells the kinds of, each with the finding that asks for it first.

    A limited grant lets no more leave than it holds for this agreement: what has been shipped and `load_kg`.
    It reads only; who lets a load leave asks `rules_of` first, which takes hold of what is asked, and hands
    its answer on as `broken`.
    """
    held = granted_kinds(agreement, on) - _used_up(session, agreement, agreement.shipped_kg + load_kg)
    found = (broken or rules_of(session, agreement, on, anew=False).broken)(held)
    free = {"assay"} if agreement.offer.lot == "sample" else set()
    missing: dict[str, Finding] = {}
    for finding in found:
        if finding.procedure is not None and finding.procedure.kind not in free:
            missing.setdefault(finding.procedure.kind, finding)
    return missing


def file_procedure(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    agreement: Agreement,
    kind: str,
    filed_on: date,
    document: str = "",
) -> AgreementProcedure:
    """Note that a procedure was filed; it is expected after its lead time. Raises BadInput."""
    checks = Checks("agreement_procedure")
    kind = checks.word("kind", kind, kinds_about(agreement))
    checks.period("filed_on", filed_on, "", None)
    document = checks.text("document", document, required=False)
    checks.finish()
    lock(session, agreement)
    pair = agreement.site, agreement.facility, agreement.waste_code, agreement.operation
    listed = bool(listings_of(session, *pair, filed_on))
    found = procedures.find(kind, agreement.site.region_code, filed_on, listed)
    procedure = next_of(session, agreement, kind, filed=False)
    advance(procedure, "procedure", "file", "system")
    procedure.filed_on, procedure.document = filed_on, document
    procedure.expected_on = procedures.add_working_days(filed_on, found.lead_working_days)
    facts = {"kind": kind, "filed_on": filed_on, "expected_on": procedure.expected_on, "document": document}
    record(session, actor, at, "agreement.procedure_filed", agreement, facts)
    return procedure


def attach_grant(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    agreement: Agreement,
    grant: ProcedureGrant,
    mass_kg: int | None = None,
) -> AgreementProcedure:
    """Hang a granted record or approval on an agreement, and take of its limit what is still to be shipped.

    `mass_kg` says how much instead. Raises RuleBroken `other_grant` for a grant that is not about this pair,
    `not_agreed` before both sides have agreed, `full` when the grant has no room.
    """
    lock(session, agreement)
    _require_agreed(agreement)
    if not grant_suits(grant, agreement.site, agreement.facility, agreement.waste_code):
        zh = "该批准不适用于本协议的产生单位、接收设施或废物"
        en = "the grant is not about this sender, this facility and this waste"
        raise RuleBroken("other_grant", zh, en, grant=grant.public_id)
    session.refresh(grant, with_for_update={"read": True, "of": type(grant)})
    if not any(row.grant is grant for row in agreement.procedures):
        wanted_kg = agreement.offer.mass_kg - agreement.shipped_kg if mass_kg is None else mass_kg
        take_committed(session, agreement, "grant", grant, max(wanted_kg, 1), at)
    procedure = _granted(session, agreement, grant.kind, grant.valid_from, grant)
    facts = {"kind": grant.kind, "grant": grant, "valid_from": grant.valid_from, "valid_to": grant.valid_to}
    record(session, actor, at, "agreement.grant_attached", agreement, facts)
    return procedure


def note_granted(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    agreement: Agreement,
    kind: str,
    granted_on: date,
    document: str,
) -> AgreementProcedure:
    """Note what needs no grant as met, with its document; `kind` one of NOTED. Raises BadInput."""
    checks = Checks("agreement_procedure")
    kind = checks.word("kind", kind, NOTED)
    checks.period("granted_on", granted_on, "", None)
    document = checks.text("document", document)
    checks.finish()
    lock(session, agreement)
    _require_agreed(agreement)
    procedure = _granted(session, agreement, kind, granted_on, None)
    procedure.document = document
    facts = {"kind": kind, "granted_on": granted_on, "document": document}
    record(session, actor, at, "agreement.procedure_met", agreement, facts)
    return procedure


def hang_procedures(session: Session, agreement: Agreement, conditions: Iterable[Finding]) -> None:
    """Hang what has to be granted or shown on an agreement, to be filed and granted there."""
    known = {row.kind for row in agreement.procedures}
    for finding in conditions:
        if finding.procedure is not None and finding.procedure.kind not in known:
            next_of(session, agreement, finding.procedure.kind, filed=False)


def attach_promised(session: Session, agreement: Agreement) -> None:
    """Hang the grant that a run counted on on an agreement that has just committed its share of it."""
    grant = agreement.proposal.grant if agreement.proposal is not None else None
    if grant is not None:
        _granted(session, agreement, grant.kind, grant.valid_from, grant)


def _granted(
    session: Session, agreement: Agreement, kind: str, granted_on: date, grant: ProcedureGrant | None
) -> AgreementProcedure:
    """Complete the procedure that was filed for this, or note one that was never filed here."""
    known = [row for row in agreement.procedures if grant is not None and row.grant is grant]
    procedure = known[0] if known else next_of(session, agreement, kind, filed=True)
    if procedure.status != "granted":
        advance(procedure, "procedure", "note", "system")
    procedure.granted_on, procedure.grant = granted_on, grant
    return procedure


def next_of(session: Session, agreement: Agreement, kind: str, *, filed: bool) -> AgreementProcedure:
    """Return the procedure of a kind that waits to be filed, or if `filed` to be granted, else a new one."""
    waiting = ("to_file", "filed", "refused") if filed else ("to_file",)
    for row in agreement.procedures:
        if row.kind == kind and row.status in waiting:
            return row
    procedure = AgreementProcedure(
        public_id=new_public_id(),
        agreement=agreement,
        kind=kind,
        document="",
        status="to_file",
        filled={},
        consent="",
        reasons="",
    )
    session.add(procedure)
    return procedure


def _used_up(session: Session, agreement: Agreement, shipped_kg: int) -> frozenset[str]:
    """Return the kinds whose grants are all limited and hold less than what would have been shipped."""
    rows = [row for row in agreement.procedures if row.grant is not None]
    held = held_kg(session, agreement, "grant")
    room: dict[str, int] = {}
    unlimited = set()
    for row in rows:
        if row.grant is None or row.grant.limit_kg is None:
            unlimited.add(row.kind)
        else:
            room[row.kind] = room.get(row.kind, 0) + held.get(row.grant.id, 0)
    return frozenset(kind for kind, kg in room.items() if kind not in unlimited and kg < shipped_kg)


def _require_agreed(agreement: Agreement) -> None:
    if agreement.status not in ("agreed", "suspended"):
        zh, en = "双方尚未达成协议", "the two sides have not agreed yet"
        raise RuleBroken("not_agreed", zh, en, agreement=agreement.number, status=agreement.status)
