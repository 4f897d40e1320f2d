"""What authorities do with a filed procedure: the receiving province consents, the origin's office decides.

What is granted here is a grant at once, hung on the deal that asked for it, so that the rules use it. It is
the platform's record of what an authority decided: 以主管部门审批为准.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.accounts.offices import has_power, require_power
from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.catalogue import procedures
from circularity.catalogue.waste_codes import kind_of
from circularity.deals.contract import Agreement, AgreementProcedure
from circularity.deals.filings import MAX_TEXT, hold_procedure, require_standing, rule_of, text_of
from circularity.deals.reservations import take_committed
from circularity.errors import RuleBroken
from circularity.lifecycle import advance, legal_acts
from circularity.organisations import Organisation
from circularity.policy.things import Thing
from circularity.whitelist import GRANT_KINDS, ProcedureGrant, record_grant


@dataclass(frozen=True, slots=True)
class Offices:
    """The powers (see `catalogue.authority_powers`) that decide on a kind, and that consent to it or ""."""

    decides: str
    consents: str = ""


OFFICES: Mapping[str, Offices] = MappingProxyType(
    {
        "general_record": Offices("general_record.review"),
        "general_approval": Offices("general_approval.decide", "general_approval.consent"),
        "hazardous_approval": Offices("hazardous_transfer.decide", "hazardous_transfer.consent"),
        "plan_change": Offices("plan_change.accept"),
        "exemption_evidence": Offices("exemption.decide"),
    }
)
"""Kinds of procedure that an authority decides on; an assay is a laboratory's."""


def consent_to(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    procedure: AgreementProcedure,
    by: Organisation,
    document: str,
) -> None:
    """Consent as the receiving province, once. Raises NotAllowed; RuleBroken `no_consent_needed`."""
    document = text_of("document", document, 200)
    agreement, on = hold_procedure(session, procedure), delta_day(at)
    if not wants_consent(session, procedure, on):
        zh, en = "无需接受地同意，或已表示同意", "no consent is needed, or it has been given"
        raise RuleBroken("no_consent_needed", zh, en)
    require_power(session, by, OFFICES[procedure.kind].consents, _matter(agreement), on)
    advance(procedure, "procedure", "consent", "partner")
    procedure.consent = document
    record(session, actor, at, "procedure.consented", procedure, {"by": by, "document": document})


def grant_filed(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    procedure: AgreementProcedure,
    by: Organisation,
    document: str,
    valid_to: date | None = None,
    limit_kg: int | None = None,
) -> None:
    """Grant what was filed, from today to the last day that its rule allows or an earlier `valid_to`.

    `limit_kg` None: what the deal still has to ship. Raises BadInput; NotAllowed; RuleBroken
    `consent_missing`, `not_agreed`, `too_long` for a day beyond what the rule allows.
    """
    document = text_of("document", document, 200)
    agreement, on = hold_procedure(session, procedure), delta_day(at)
    require_power(session, by, _decides(procedure), _matter(agreement), on)
    latest = latest_end(session, procedure, on)

    def grantable() -> None:
        require_standing(agreement)
        if wants_consent(session, procedure, on):
            raise RuleBroken("consent_missing", "尚缺接受地同意", "the receiving province has not consented")
        if valid_to is not None and not on <= valid_to <= latest:
            zh, en = f"有效期至多到 {latest}", f"it may hold to {latest} at most"
            raise RuleBroken("too_long", zh, en, field="valid_to", latest=latest.isoformat())

    advance(procedure, "procedure", "grant", "authority", {"grantable": grantable})
    procedure.document, procedure.granted_on = document, on
    facts = {"by": by, "agreement": agreement, "document": document, "valid_to": valid_to or latest}
    record(session, actor, at, "procedure.granted_here", procedure, facts)
    if procedure.kind not in GRANT_KINDS:
        return
    open_kg = max(agreement.offer.mass_kg - agreement.shipped_kg, 1)
    procedure.grant = record_grant(
        session,
        actor=actor,
        at=at,
        facility=agreement.facility,
        output_organisation=agreement.site.organisation,
        kind=procedure.kind,
        origin_region=agreement.site.region_code,
        waste_pattern=agreement.waste_code,
        valid_from=on,
        valid_to=valid_to or latest,
        limit_kg=open_kg if limit_kg is None else limit_kg,
    )
    session.flush()
    _hang(session, procedure, procedure.grant, open_kg, at)


def refuse_filed(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    procedure: AgreementProcedure,
    by: Organisation,
    reasons: str,
) -> None:
    """Refuse what was filed, with reasons; it can be opened and filed again. Raises BadInput, NotAllowed."""
    reasons = text_of("reasons", reasons, MAX_TEXT)
    agreement = hold_procedure(session, procedure)
    require_power(session, by, _decides(procedure), _matter(agreement), delta_day(at))
    advance(procedure, "procedure", "refuse", "authority")
    procedure.reasons = reasons
    record(session, actor, at, "procedure.refused", procedure, {"by": by, "reasons": reasons})


def latest_end(session: Session, procedure: AgreementProcedure, on: date) -> date:
    """Return the last day that a grant can hold: that of its rule, of the deal, of the receiver's licence."""
    agreement = procedure.agreement
    wanted_to, entitled_to = agreement.offer.valid_to, agreement.line.entitlement.valid_to
    return procedures.last_day(rule_of(session, procedure, on), on, wanted_to, entitled_to)


def wants_consent(session: Session, procedure: AgreementProcedure, on: date) -> bool:
    """Tell whether the receiving province has still to consent: not within one, not for a listed receiver."""
    agreement, offices = procedure.agreement, OFFICES.get(procedure.kind)
    if offices is None or not offices.consents or procedure.consent:
        return False
    crosses = agreement.site.region_code[:2] != agreement.facility.site.region_code[:2]
    return crosses and not rule_of(session, procedure, on).whitelisted


def acts_with_procedure(
    session: Session, procedure: AgreementProcedure, by: Organisation, on: date
) -> tuple[str, ...]:
    """Return what an organisation may do with a procedure now, in alphabetical order."""
    agreement, offices = procedure.agreement, OFFICES.get(procedure.kind)
    if offices is None:
        return ()
    parties = {"generator"} if by.id == agreement.site.organisation_id else set()
    if has_power(session, by, offices.decides, _matter(agreement), on):
        parties.add("authority")
    acts = {act for who in parties for act in legal_acts("procedure", procedure.status, who)}
    if wants_consent(session, procedure, on):
        acts.discard("grant")
        if procedure.status == "filed" and has_power(session, by, offices.consents, _matter(agreement), on):
            acts.add("consent")
    if agreement.status not in ("agreed", "suspended"):
        acts -= {"file", "grant"}
    return tuple(sorted(acts))


def waiting_for_office(session: Session, organisation: Organisation, on: date) -> list[AgreementProcedure]:
    """Return what is filed and waits for an authority's decision or consent, the oldest first."""
    wanted = select(AgreementProcedure).filter_by(status="filed")
    filed: Sequence[AgreementProcedure] = session.scalars(
        wanted.order_by(AgreementProcedure.filed_on, AgreementProcedure.id)
    ).all()
    due = {"consent", "grant", "refuse"}
    return [row for row in filed if due & set(acts_with_procedure(session, row, organisation, on))]


def _hang(
    session: Session, procedure: AgreementProcedure, grant: ProcedureGrant, open_kg: int, at: datetime
) -> None:
    """Let the deal take of its new grant what it has still to ship, as far as the grant goes."""
    mass_kg = open_kg if grant.limit_kg is None else min(open_kg, grant.limit_kg)
    take_committed(session, procedure.agreement, "grant", grant, mass_kg, at)


def _decides(procedure: AgreementProcedure) -> str:
    offices = OFFICES.get(procedure.kind)
    if offices is None:
        zh, en = "该事项不由主管部门决定", "no authority decides on this"
        raise RuleBroken("no_office", zh, en, kind=procedure.kind)
    return offices.decides


def _matter(agreement: Agreement) -> Thing:
    """Return what is decided on: where the waste comes from, where it goes, of which kind it is."""
    return Thing(
        kind="AgreementProcedure",
        origin=agreement.site.region_code,
        destination=agreement.facility.site.region_code,
        wastes=frozenset({kind_of(agreement.waste_code)}),
    )
