"""Deals: offers, counter-offers, acceptances, procedures, ends, and proposals answered.

A match is advice; what a document of ours says never replaces an authority's: 以主管部门审批为准.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from circularity.deals.agreements import (
    agree_directly,
    ask_to_end,
    end_agreement,
    gaps,
    import_contract,
    withdraw_end,
)
from circularity.deals.contract import Agreement
from circularity.deals.offers import accept, confirm, counter, decline, make_offer
from circularity.deals.procedures import attach_grant, file_procedure, note_granted
from circularity.deals.proposals import answer_proposal, decline_proposal
from circularity.errors import BadInput, InputProblem
from circularity.organisations import Site
from circularity.party_listings import agreements_seen
from circularity.registry.entitlements import CapacityWindow, EntitlementLine, Facility
from circularity.registry.outputs import Output
from circularity.runs.stored import Proposal
from circularity.whitelist import ProcedureGrant
from web.api.agreement_answers import agreement_shown, gap_shown, terms_of
from web.api.agreement_schemas import (
    AgreementAnswer,
    AgreementChange,
    AgreementCreate,
    AgreementQuery,
    GapAnswer,
    GapQuery,
    OfferCreate,
    ProcedureCreate,
    ProposalDecline,
    ProposalResponse,
)
from web.api.blueprint import ApiBlueprint
from web.api.codes import verb_arguments
from web.api.lookups import by_public_id, named_in_body
from web.api.paging import Paging
from web.api.run_answers import proposal_shown
from web.api.run_schemas import ProposalAnswer
from web.api.writing import ACTOR, is_writable, now
from web.permission_check import may_tell, only_concerned
from web.session import read_session
from web.today import today

blp = ApiBlueprint("agreements", "What two parties offer each other and agree; advice until both have.")

_LOADED = (
    joinedload(Agreement.site),
    joinedload(Agreement.facility).joinedload(Facility.site),
    selectinload(Agreement.offers),
    selectinload(Agreement.procedures),
)
_ONE = "/agreements/<public_id:agreement_id>"
_PROPOSAL = "/proposals/<public_id:proposal_id>"
_LOCATED = {"located": "agreements.get_agreement", "by": "agreement_id"}


@blp.read("/agreements", AgreementAnswer, many=True, query=AgreementQuery)
def list_agreements(query: dict[str, Any]) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List deals, newest first."""
    session = read_session()
    rows, headers = Paging.of(query).of_statement(session, _wanted(query))
    return [_shown(session, agreement) for agreement in rows], headers


@blp.read(_ONE, AgreementAnswer)
def get_agreement(agreement_id: str) -> dict[str, Any]:
    """Read one deal."""
    session = read_session()
    return _shown(session, by_public_id(session, Agreement, agreement_id, *_LOADED))


@blp.read("/agreement-gaps", GapAnswer, many=True, query=GapQuery)
def list_gaps(query: dict[str, Any]) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List the days ahead on which nothing may leave under a deal, the earliest first."""
    found = gaps(read_session(), today(), query["within_days"])
    found = [gap for gap in found if may_tell(gap.agreement, otherwise=True)]
    rows, headers = Paging.of(query).of_list(found)
    return [gap_shown(gap) for gap in rows], headers


@blp.create("/agreements", AgreementCreate, AgreementAnswer, **_LOCATED)
def create_agreement(session: Session, body: dict[str, Any]) -> dict[str, Any]:
    """Offer a deal that no run proposed, or bring in a contract made outside."""
    facts: dict[str, Any] = {"actor": ACTOR, "at": now(), "terms": terms_of(body.pop("terms"))}
    named = {"site": Site, "line": EntitlementLine, "output": Output, "window": CapacityWindow}
    for name, model in named.items():
        if f"{name}_id" in body:
            facts[name] = named_in_body(session, model, f"{name}_id", body[f"{name}_id"])
    verb: Callable[..., Agreement] = import_contract if "document" in body else agree_directly
    return _shown(session, verb(session, **facts, **verb_arguments(body)))


@blp.create(f"{_PROPOSAL}/agreements", ProposalResponse, AgreementAnswer, **_LOCATED)
def create_answer(session: Session, body: dict[str, Any], proposal_id: str) -> dict[str, Any]:
    """Accept a proposal as it is, which reserves for a time, or answer it with other terms."""
    proposal = by_public_id(session, Proposal, proposal_id)
    terms = terms_of(body["terms"]) if "terms" in body else None
    facts: dict[str, Any] = {"actor": ACTOR, "at": now(), "side": body["side"], "terms": terms}
    return _shown(session, answer_proposal(session, proposal=proposal, **facts))


@blp.read(_PROPOSAL, ProposalAnswer)
def get_proposal(proposal_id: str) -> dict[str, Any]:
    """Read one proposal."""
    return proposal_shown(by_public_id(read_session(), Proposal, proposal_id))


@blp.change(_PROPOSAL, ProposalDecline, ProposalAnswer)
def change_proposal(session: Session, body: dict[str, Any], proposal_id: str) -> dict[str, Any]:
    """Decline a proposal, without a reason and without a mark."""
    proposal = by_public_id(session, Proposal, proposal_id)
    blp.check_etag(proposal_shown(proposal), ProposalAnswer)
    decline_proposal(session, actor=ACTOR, at=now(), proposal=proposal, side=body["side"])
    return proposal_shown(proposal)


@blp.create(f"{_ONE}/offers", OfferCreate, AgreementAnswer, **_LOCATED)
def create_offer(session: Session, body: dict[str, Any], agreement_id: str) -> dict[str, Any]:
    """Put other terms forward, in the place of one's own or against the other side's."""
    agreement = by_public_id(session, Agreement, agreement_id, *_LOADED)
    own = agreement.status == f"offered_by_{body['side']}"
    facts: dict[str, Any] = {
        "actor": ACTOR,
        "at": now(),
        "side": body["side"],
        "terms": terms_of(body["terms"]),
    }
    (make_offer if own else counter)(session, agreement=agreement, **facts)
    return _shown(session, agreement)


@blp.change(_ONE, AgreementChange, AgreementAnswer)
def change_agreement(session: Session, body: dict[str, Any], agreement_id: str) -> dict[str, Any]:
    """Accept, confirm, decline, ask for the end or end, for one side."""
    agreement = by_public_id(session, Agreement, agreement_id, *_LOADED)
    blp.check_etag(_shown(session, agreement), AgreementAnswer)
    _ACTS[body["act"]](session, actor=ACTOR, at=now(), agreement=agreement, side=body["side"])
    session.flush()
    return _shown(session, agreement)


@blp.create(f"{_ONE}/procedures", ProcedureCreate, AgreementAnswer, **_LOCATED)
def create_procedure(session: Session, body: dict[str, Any], agreement_id: str) -> dict[str, Any]:
    """Note that a procedure was filed, attach what was granted, or note the document that shows it."""
    agreement = by_public_id(session, Agreement, agreement_id, *_LOADED)
    facts: dict[str, Any] = {"actor": ACTOR, "at": now(), "agreement": agreement}
    if "grant_id" in body:
        grant = named_in_body(session, ProcedureGrant, "grant_id", body["grant_id"])
        attach_grant(session, **facts, grant=grant, mass_kg=body.get("mass_kg"))
    else:
        _noted(session, facts, body)
    session.flush()
    return _shown(session, agreement)


_ACTS: dict[str, Callable[..., None]] = {
    "accept": accept,
    "confirm": confirm,
    "decline": decline,
    "ask_to_end": ask_to_end,
    "withdraw_end": withdraw_end,
    "end": end_agreement,
}


def _noted(session: Session, facts: dict[str, Any], body: dict[str, Any]) -> None:
    wanted = ("kind", "granted_on", "document") if "granted_on" in body else ("kind", "filed_on")
    if missing := [name for name in wanted if name not in body]:
        zh, en = "缺少必填项", "this is wanted"
        raise BadInput([InputProblem("body", None, name, "empty", "", zh, en) for name in missing])
    verb: Callable[..., Any] = note_granted if "granted_on" in body else file_procedure
    verb(session, **facts, **{name: body[name] for name in {*wanted, "document"} & body.keys()})


def _shown(session: Session, agreement: Agreement) -> dict[str, Any]:
    """Tell parties and prices only to its parties and their authorities, or in a trial."""
    return agreement_shown(session, agreement, exact=may_tell(agreement, otherwise=is_writable()))


def _wanted(query: dict[str, Any]) -> Select[Agreement]:
    wanted = select(Agreement).options(*_LOADED).order_by(Agreement.id.desc())
    wanted = wanted.where(*only_concerned(agreements_seen))
    return wanted.where(Agreement.status == query["status"]) if "status" in query else wanted
