"""What time does to deals: reservations lapse, offers expire, agreements run out.

Each verb takes hold of all deals it changes in one order and all limits in one order, so that it can run
beside the parties' own steps; it belongs in a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from circularity.audit import record
from circularity.calendar_days import delta_day
from circularity.deals.contract import Agreement, Offer
from circularity.deals.reservations import release_all, release_unshipped
from circularity.deals.sides import CLOCK, OFFER_STANDS
from circularity.lifecycle import advance

AFTER_THE_LAST_DAY = timedelta(days=31)
"""So long after its last day an agreement still takes the sheets and meters of days before it."""

_OFFERED = ("offered_by_generator", "offered_by_facility")
_ACCEPTED = ("accepted_by_generator", "accepted_by_facility")


def lapse_reservations(session: Session, *, at: datetime) -> int:
    """Free what was reserved and not confirmed in time; the offer stands again. Return how many lapsed."""

    def lapse(agreement: Agreement) -> None:
        advance(agreement, "agreement", "lapse", "system")
        agreement.expires_at = agreement.offer.made_at + OFFER_STANDS

    return _overdue(session, at, _ACCEPTED, "agreement.lapsed", lapse)


def expire_offers(session: Session, *, at: datetime) -> int:
    """End the deals whose standing offer nobody has answered in time; their proposals open again."""

    def expire(agreement: Agreement) -> None:
        advance(agreement, "agreement", "expire", "system")
        agreement.ended_at = at
        if agreement.proposal is not None:
            advance(agreement.proposal, "proposal", "reopen", "system")

    return _overdue(session, at, _OFFERED, "agreement.expired", expire)


def _overdue(
    session: Session, at: datetime, states: Sequence[str], action: str, step: Callable[[Agreement], None]
) -> int:
    overdue = _held(
        session, select(Agreement).where(Agreement.status.in_(states), Agreement.expires_at <= at)
    )
    release_all(session, dict.fromkeys(overdue), at)
    for agreement in overdue:
        step(agreement)
    for agreement in overdue:
        record(session, CLOCK, at, action, agreement, {"offer": agreement.offer_number})
    return len(overdue)


def close_what_ran_out(session: Session, *, at: datetime) -> int:
    """End the agreements whose last day lies more than AFTER_THE_LAST_DAY back; return how many."""
    over = (
        select(Agreement)
        .join(Offer, (Offer.agreement_id == Agreement.id) & (Offer.number == Agreement.offer_number))
        .where(Agreement.status.in_(("agreed", "suspended")))
        .where(Offer.valid_to < delta_day(at) - AFTER_THE_LAST_DAY)
    )
    ended = _held(session, over)
    release_unshipped(session, ended, at)
    for agreement in ended:
        advance(agreement, "agreement", "run_out", "system")
        agreement.ended_at = at
    for agreement in ended:
        facts = {"shipped_kg": agreement.shipped_kg, "agreed_kg": agreement.offer.mass_kg}
        record(session, CLOCK, at, "agreement.ran_out", agreement, facts)
    return len(ended)


def _held(session: Session, wanted: Select[Any]) -> Sequence[Agreement]:
    """Return agreements as they now are, taken hold of in the order of their keys."""
    wanted = wanted.order_by(Agreement.id).with_for_update(of=Agreement)
    return session.scalars(wanted, execution_options={"populate_existing": True}).all()
