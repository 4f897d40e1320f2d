"""Proposals of a run, answered: accepted as they are, countered, declined without a reason, or expired.

Whoever answers first opens the deal; from then on the agreement carries it and no later run supersedes the
proposal. Postings stand as offers to everybody, so accepting a proposal as it is accepts the other's posting.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import ScalarSelect, or_, select
from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.deals.contract import SIDES, Agreement
from circularity.deals.offers import begin
from circularity.deals.sides import CLOCK, OTHER, PARTY, lock
from circularity.deals.terms import Terms
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.lifecycle import advance, next_step
from circularity.runs.stored import MatchingRun, Proposal

PROPOSAL_STANDS = timedelta(days=30)


def proposed_terms(proposal: Proposal) -> Terms:
    """Return what a proposal comes to as terms: its mass and days, and the price where anybody stated one.

    What the generator asks less the gate fee is what the receiver pays. Without a last day the terms end
    with the year.
    """
    # A run keeps both as parts of the generator's cost, so the receiver pays their negative.
    parts = [
        -part for part in (proposal.price_ucny_per_kg, proposal.gate_fee_ucny_per_kg) if part is not None
    ]
    return Terms(
        mass_kg=proposal.mass_kg,
        valid_from=proposal.earliest,
        valid_to=proposal.latest or date(proposal.earliest.year, 12, 31),
        price={"fixed": sum(parts) if parts else None},
    )


def answer_proposal(
    session: Session, *, actor: Actor, at: datetime, proposal: Proposal, side: str, terms: Terms | None
) -> Agreement:
    """Answer an open proposal: accept it as it is (`terms` None), which reserves, or counter with terms.

    Raises RuleBroken `illegal_step` when it is no longer open, and whatever the offer or acceptance raises.
    """
    checks = Checks("proposal")
    checks.word("side", side, SIDES)
    checks.finish()
    lock(session, proposal)
    next_step("proposal", proposal.status, "answer", PARTY[side])
    agreement = begin(
        session,
        actor=actor,
        at=at,
        source="proposal",
        proposal=proposal,
        output=proposal.output,
        window=proposal.window,
        site=proposal.output.site,
        line=proposal.window.line,
        waste_code=proposal.output.waste_code,
        operation=proposal.operation,
        side=OTHER[side] if terms is None else side,
        terms=terms or proposed_terms(proposal),
        accepted_by=side if terms is None else "",
    )
    advance(proposal, "proposal", "answer", PARTY[side])
    return agreement


def decline_proposal(session: Session, *, actor: Actor, at: datetime, proposal: Proposal, side: str) -> None:
    """Decline an open proposal, without a reason and without a mark; one under way is declined as a deal."""
    lock(session, proposal)
    if proposal.status == "countered":
        zh, en = "该建议已进入协商，请在协议中拒绝", "a deal about it is under way: decline that"
        raise RuleBroken("deal_under_way", zh, en)
    advance(proposal, "proposal", "decline", PARTY[side])
    record(session, actor, at, "proposal.declined", proposal, {"side": side})


def stands_until(session: Session, proposal: Proposal) -> datetime:
    """Return the moment from which an open proposal expires, unless its last shipping day is over before."""
    last = select(MatchingRun.started_at).where(
        MatchingRun.id == select(_last_run()).where(Proposal.id == proposal.id).scalar_subquery()
    )
    return session.scalars(last).one() + PROPOSAL_STANDS


def _last_run() -> ScalarSelect[int]:
    """A proposal that runs repeat keeps its row: its time runs from the last of them."""
    begun, until = Proposal.run_id, Proposal.until_run_id
    held = (MatchingRun.id >= begun) & (until.is_(None) | (MatchingRun.id < until))
    run = select(MatchingRun.id).where(held).order_by(MatchingRun.id.desc()).limit(1)
    return run.correlate(Proposal).scalar_subquery()


def expire_proposals(session: Session, *, at: datetime) -> int:
    """Let open proposals expire that are too old, or whose last shipping day is over; return how many."""
    old = select(MatchingRun.id).where(MatchingRun.started_at <= at - PROPOSAL_STANDS)
    expired = session.scalars(
        select(Proposal)
        .where(Proposal.status == "open")
        .where(or_(Proposal.run_id.in_(old) & _last_run().in_(old), Proposal.latest < delta_day(at)))
        .order_by(Proposal.id)
        .with_for_update(of=Proposal),
        execution_options={"populate_existing": True},
    ).all()
    for proposal in expired:
        advance(proposal, "proposal", "expire", "system")
    for run in {proposal.run_id: proposal.run for proposal in expired}.values():
        count = sum(proposal.run_id == run.id for proposal in expired)
        record(session, CLOCK, at, "run.proposals_expired", run, {"proposals": count})
    return len(expired)
