"""How a deal comes about: offered, countered, accepted by one side, confirmed by the other, or declined.

The first acceptance reserves on every limit until a moment, the second commits. What is lawful is asked
again at each step, as of its day. Declining needs no reason and is not counted against anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from circularity.acceptance import Finding
from circularity.accounts.dormancy import refuse_dormant
from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.columns import new_public_id
from circularity.deals.at_once import wait_for_place
from circularity.deals.clock import expire_offers, lapse_reservations
from circularity.deals.contract import SIDES, Agreement, Offer
from circularity.deals.procedures import attach_promised, hang_procedures
from circularity.deals.reservations import commit, release, reserve
from circularity.deals.sides import OFFER_STANDS, PARTY, lock
from circularity.deals.still_lawful import agreement_findings, held_kinds, require_lawful, rules_of
from circularity.deals.terms import Terms, checked_terms, require_within_postings
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.human_numbers import new_number
from circularity.lifecycle import advance, next_step
from circularity.organisations import Site
from circularity.registry.entitlements import EntitlementLine
from circularity.whitelist import WhitelistEntry

__all__ = [
    "OFFER_STANDS",
    "RESERVATION_HOLDS",
    "Terms",
    "accept",
    "begin",
    "confirm",
    "counter",
    "decline",
    "expire_offers",
    "lapse_reservations",
    "make_offer",
]

RESERVATION_HOLDS = timedelta(hours=72)


def begin(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    site: Site,
    line: EntitlementLine,
    terms: Terms,
    side: str,
    accepted_by: str = "",
    **facts: Any,
) -> Agreement:
    """Open a deal with its first offer, which the side `accepted_by` accepts at once.

    `facts` are the other columns of Agreement, which tell what it is about.
    Raises BadInput, RuleBroken `unlawful`, `withdrawn`, `outside_posting`, and of an acceptance `full`.
    """
    checks = Checks("agreement")
    checks.word("side", side, SIDES)
    checks.finish()
    about = {"document": "", "proposal": None, "output": None, "window": None} | facts
    agreement = Agreement(
        public_id=new_public_id(),
        number=new_number("XY", delta_day(at)),
        site=site,
        line=line,
        facility=line.entitlement.facility,
        offer_number=1,
        shipped_kg=0,
        status=f"offered_by_{side}",
        begun_at=at,
        expires_at=at + OFFER_STANDS,
        **about,
    )
    session.flush()
    agreement.offers.append(_checked_offer(session, agreement, 1, side, terms, at))
    session.add(agreement)
    session.flush()
    accepted = _accepted(session, agreement, accepted_by, at, RESERVATION_HOLDS) if accepted_by else {}
    told = {"side": side, "number": agreement.number, "site": site, "line": line, **about}
    record(session, actor, at, "agreement.offered", agreement, told | asdict(terms))
    if accepted:
        record(session, actor, at, "agreement.accepted", agreement, accepted)
    return agreement


def make_offer(
    session: Session, *, actor: Actor, at: datetime, agreement: Agreement, side: str, terms: Terms
) -> Offer:
    """Put other terms in the place of one's own standing offer. Raises as `begin` does."""
    return _another(session, actor, at, agreement, side, terms, "revise")


def counter(
    session: Session, *, actor: Actor, at: datetime, agreement: Agreement, side: str, terms: Terms
) -> Offer:
    """Answer the other side's offer, or its acceptance, with other terms; what was reserved is free again."""
    return _another(session, actor, at, agreement, side, terms, "counter")


def accept(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    agreement: Agreement,
    side: str,
    holds: timedelta = RESERVATION_HOLDS,
) -> None:
    """Accept the other side's offer: reserve it on every limit for a time, in which that side can confirm.

    Raises RuleBroken `illegal_step`, `offer_over`, `unlawful`, `withdrawn`, `full`.
    """
    wait_for_place(session, agreement.facility_id)  # before anything is locked, so that nobody waits for it
    lock(session, agreement)
    record(
        session, actor, at, "agreement.accepted", agreement, _accepted(session, agreement, side, at, holds)
    )


def confirm(session: Session, *, actor: Actor, at: datetime, agreement: Agreement, side: str) -> None:
    """Confirm what the other side has accepted: it is agreed, and what was reserved is committed.

    The procedures it waits for hang on it from now on. Raises RuleBroken `illegal_step`, `reservation_over`,
    `unlawful`.
    """
    lock(session, agreement)
    conditions: list[Finding] = []

    def committable() -> None:
        _require_not_over(agreement, at, "reservation_over", "预留已过期", "the reservation is over")
        conditions.extend(require_lawful(agreement_findings(session, agreement, delta_day(at))))
        commit(session, agreement, at)

    advance(agreement, "agreement", "confirm", PARTY[side], {"committable": committable})
    agreement.agreed_at, agreement.expires_at = at, None
    attach_promised(session, agreement)
    hang_procedures(session, agreement, conditions)
    if agreement.proposal is not None:
        advance(agreement.proposal, "proposal", "agree", "system")
    told = {"side": side, "offer": agreement.offer_number, "mass_kg": agreement.offer.mass_kg}
    record(session, actor, at, "agreement.agreed", agreement, told | _codes(conditions))


def decline(session: Session, *, actor: Actor, at: datetime, agreement: Agreement, side: str) -> None:
    """Decline a deal that is not agreed yet, without a reason; a proposal behind it is declined with it."""
    lock(session, agreement)
    advance(agreement, "agreement", "decline", PARTY[side])
    agreement.ended_at, agreement.expires_at = at, None
    release(session, agreement, at)
    if agreement.proposal is not None:
        advance(agreement.proposal, "proposal", "decline", PARTY[side])
    record(session, actor, at, "agreement.declined", agreement, {"side": side})


def _accepted(
    session: Session, agreement: Agreement, side: str, at: datetime, holds: timedelta
) -> dict[str, Any]:
    """Accept and reserve; return what is told of it."""
    asked: list[tuple[list[Finding], Sequence[WhitelistEntry]]] = []

    def acceptable() -> None:
        _require_not_over(agreement, at, "offer_over", "要约已过期", "the offer has expired")
        asked.append(_require_dealable(session, agreement, agreement.offer, at))

    before = agreement.status, agreement.expires_at
    advance(agreement, "agreement", "accept", PARTY[side], {"acceptable": acceptable})
    agreement.expires_at = at + holds
    (conditions, listed), *_ = asked
    try:  # last, as others wait for limits from here on
        reserve(session, agreement, agreement.offer, listed, agreement.expires_at, at)
    except RuleBroken:
        agreement.status, agreement.expires_at = before
        raise
    told = {"side": side, "offer": agreement.offer_number, "expires_at": agreement.expires_at}
    return told | _codes(conditions)


def _another(
    session: Session, actor: Actor, at: datetime, agreement: Agreement, side: str, terms: Terms, act: str
) -> Offer:
    """Let other terms stand; what was reserved for the ones before is given back."""
    lock(session, agreement)
    next_step("agreement", agreement.status, act, PARTY[side])
    offer = _checked_offer(session, agreement, agreement.offer_number + 1, side, terms, at)
    advance(agreement, "agreement", act, PARTY[side])
    release(session, agreement, at)
    agreement.offers.append(offer)
    agreement.offer_number, agreement.expires_at = offer.number, at + OFFER_STANDS
    told = {"side": side, "offer": offer.number} | asdict(terms)
    record(
        session, actor, at, "agreement.revised" if act == "revise" else "agreement.countered", agreement, told
    )
    return offer


def _checked_offer(
    session: Session, agreement: Agreement, number: int, side: str, terms: Terms, at: datetime
) -> Offer:
    offer = Offer(number=number, made_by=side, made_at=at, **checked_terms(terms, delta_day(at)))
    _require_dealable(session, agreement, offer, at)
    return offer


def _require_dealable(
    session: Session, agreement: Agreement, offer: Offer, at: datetime
) -> tuple[list[Finding], Sequence[WhitelistEntry]]:
    """Ask sites, postings and rules as of today; return what a procedure can meet, and its entries.

    The rules' rows are read first, because sites and postings are among them.
    """
    on = delta_day(at)
    asked = rules_of(session, agreement, on, offer=offer)
    refuse_dormant(session, agreement.site, agreement.facility.site)
    require_within_postings(agreement, offer.valid_from, offer.valid_to)
    return require_lawful(asked.broken(held_kinds(agreement, on))), asked.listed


def _require_not_over(agreement: Agreement, at: datetime, code: str, zh: str, en: str) -> None:
    if agreement.expires_at is not None and agreement.expires_at <= at:
        raise RuleBroken(code, zh, en, expired_at=agreement.expires_at.isoformat())


def _codes(conditions: Sequence[Finding]) -> dict[str, list[str]]:
    return {"conditions": [finding.rule for finding in conditions]}
