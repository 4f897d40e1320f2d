"""Agreements in force: what they have shipped, what they owe, how they pause and end, where they have gaps.

How they come about is told in `circularity.deals.offers`.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from circularity.audit import Actor, AuditEvent, record
from circularity.calendar_days import delta_day
from circularity.deals.clock import close_what_ran_out
from circularity.deals.contract import Agreement, Offer
from circularity.deals.direct import agree_directly, import_contract
from circularity.deals.gaps import Gap, gaps
from circularity.deals.prices import price_owed_fen
from circularity.deals.reservations import release_unshipped
from circularity.deals.sides import PARTY, lock
from circularity.deals.still_lawful import agreement_findings, require_lawful
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.lifecycle import advance
from circularity.units import format_tonnes

__all__ = [
    "Gap",
    "agree_directly",
    "ask_to_end",
    "close_what_ran_out",
    "end_agreement",
    "end_asked_by",
    "gaps",
    "import_contract",
    "in_force",
    "in_force_on",
    "price_owed_fen",
    "resume",
    "ship",
    "suspend",
    "unship",
    "withdraw_end",
]

END_ASKED = "agreement.end_asked"
END_WITHDRAWN = "agreement.end_withdrawn"


def in_force(session: Session, agreement: Agreement, on: date) -> bool:  # noqa: ARG001 - asked like all others
    """Return whether an agreement is agreed, not suspended, and holds on a day."""
    offer = agreement.offer
    return agreement.status == "agreed" and offer.valid_from <= on <= offer.valid_to


def in_force_on(on: date) -> ColumnElement[bool]:
    """Return the same as the condition of a query."""
    holds = select(Offer.id).where(
        Offer.agreement_id == Agreement.id,
        Offer.number == Agreement.offer_number,
        Offer.valid_from <= on,
        Offer.valid_to >= on,
    )
    return (Agreement.status == "agreed") & holds.exists()


def ship(session: Session, agreement: Agreement, kg: int) -> None:
    """Count kilograms that leave, never more than agreed.

    Raises RuleBroken `more_than_agreed` (facts: left_kg, wanted_kg), `not_in_force` when it is not agreed.
    """
    agreed_kg = agreement.offer.mass_kg
    counted = (
        update(Agreement)
        .where(Agreement.id == agreement.id, Agreement.status == "agreed")
        .where(Agreement.shipped_kg + kg <= agreed_kg)
        .values(shipped_kg=Agreement.shipped_kg + kg)
        .returning(Agreement.shipped_kg)
    )
    shipped_kg = session.scalar(counted, execution_options={"synchronize_session": False})
    if shipped_kg is not None:
        set_committed_value(agreement, "shipped_kg", shipped_kg)
        return
    session.refresh(agreement, ["shipped_kg", "status"])
    if agreement.status != "agreed":
        zh, en = "协议未生效或已暂停、终止", "the agreement is not in force"
        raise RuleBroken("not_in_force", zh, en, agreement=agreement.number, status=agreement.status)
    left_kg = agreed_kg - agreement.shipped_kg
    zh = f"协议 {agreement.number} 余量 {format_tonnes(left_kg)} 吨，不足 {format_tonnes(kg)} 吨"
    en = f"agreement {agreement.number} has {format_tonnes(left_kg)} t left, {format_tonnes(kg)} t are wanted"
    raise RuleBroken("more_than_agreed", zh, en, agreement=agreement.number, left_kg=left_kg, wanted_kg=kg)


def unship(session: Session, agreement: Agreement, kg: int) -> None:
    """Take back kilograms that were counted and did not leave, or came back."""
    shipped_kg = session.scalar(
        update(Agreement)
        .where(Agreement.id == agreement.id)
        .values(shipped_kg=Agreement.shipped_kg - kg)
        .returning(Agreement.shipped_kg),
        execution_options={"synchronize_session": False},
    )
    set_committed_value(agreement, "shipped_kg", shipped_kg)


def suspend(
    session: Session, *, actor: Actor, at: datetime, agreement: Agreement, who: str, reason: str
) -> None:
    """Let nothing leave under an agreement; `who` is authority or system. Raises BadInput, RuleBroken."""
    checks = Checks("agreement")
    reason = checks.text("reason", reason, maximum=1000)
    checks.finish()
    lock(session, agreement)
    advance(agreement, "agreement", "suspend", who)
    record(session, actor, at, "agreement.suspended", agreement, {"by": who, "reason": reason})


def resume(session: Session, *, actor: Actor, at: datetime, agreement: Agreement, who: str) -> None:
    """Let an agreement go on, if it is lawful today. Raises RuleBroken `unlawful`."""
    lock(session, agreement)

    def still_lawful() -> None:
        require_lawful(agreement_findings(session, agreement, delta_day(at)))

    advance(agreement, "agreement", "resume", who, {"still_lawful": still_lawful})
    record(session, actor, at, "agreement.resumed", agreement, {"by": who})


def ask_to_end(session: Session, *, actor: Actor, at: datetime, agreement: Agreement, side: str) -> None:
    """Ask the other side to end an agreement before its time; asking again changes nothing."""
    lock(session, agreement)
    advance(agreement, "agreement", "ask_to_end", PARTY[side])
    if side not in end_asked_by(session, agreement):
        record(session, actor, at, END_ASKED, agreement, {"side": side})


def withdraw_end(session: Session, *, actor: Actor, at: datetime, agreement: Agreement, side: str) -> None:
    """Take back one's request to end an agreement before its time, which the other side has not agreed to.

    Raises RuleBroken `illegal_step`, `not_asked` where this side has no request open.
    """
    lock(session, agreement)

    def asked() -> None:
        if side not in end_asked_by(session, agreement):
            zh, en = "本方没有待答复的提前终止申请", "this side has no request to end it before time"
            raise RuleBroken("not_asked", zh, en, agreement=agreement.number)

    advance(agreement, "agreement", "withdraw_end", PARTY[side], {"asked": asked})
    record(session, actor, at, END_WITHDRAWN, agreement, {"side": side})


def end_agreement(session: Session, *, actor: Actor, at: datetime, agreement: Agreement, side: str) -> None:
    """End an agreement that the other side has asked to end; what was never shipped is free again.

    Raises RuleBroken `no_consent`.
    """
    lock(session, agreement)

    def by_consent() -> None:
        if not end_asked_by(session, agreement) - {side}:
            zh, en = "提前终止需要对方同意", "ending before time needs the other side's consent"
            raise RuleBroken("no_consent", zh, en, agreement=agreement.number)

    advance(agreement, "agreement", "end", PARTY[side], {"by_consent": by_consent})
    agreement.ended_at = at
    release_unshipped(session, [agreement], at)
    facts = {"side": side, "shipped_kg": agreement.shipped_kg, "agreed_kg": agreement.offer.mass_kg}
    record(session, actor, at, "agreement.ended", agreement, facts)


def end_asked_by(session: Session, agreement: Agreement) -> frozenset[str]:
    """Return the sides whose request to end an agreement stands, as the audit chain tells."""
    events = session.scalars(
        select(AuditEvent)
        .filter_by(subject_id=agreement.public_id)
        .where(AuditEvent.action.in_((END_ASKED, END_WITHDRAWN)))
        .order_by(AuditEvent.position)
    )
    last = {str(event.facts["side"]): event.action for event in events}
    return frozenset(side for side, action in last.items() if action == END_ASKED)
