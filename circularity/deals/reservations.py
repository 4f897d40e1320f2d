"""Reserving, committing and releasing what an agreement takes of every limit it falls under.

Two acceptances can neither both win nor wait for each other in a circle: a reservation locks the counters of
its limits, always in the order of kind, subject and year, and raises each by a conditional UPDATE. Nothing is
ever decided by summing up deals.
What the limits themselves are is answered in `circularity.deals.limits`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, contains_eager

from circularity.deals.ceilings import ANY_YEAR, Ceiling, Hold
from circularity.deals.contract import Agreement, Offer
from circularity.deals.limits import ANNUAL, Limits, Subject, limit_kg, mass_by_year
from circularity.deals.taking import Wanted, place_of, take
from circularity.lifecycle import advance
from circularity.registry.entitlements import Facility
from circularity.whitelist import WhitelistEntry
from circularity.whitelist.quota_moves import QuotaMove

Values = dict[Any, Any]


def ceilings_of(
    session: Session, agreement: Agreement, offer: Offer, listed: Iterable[WhitelistEntry]
) -> list[Wanted]:
    """Return what an offer would take of each limit, in the order of locking; `listed` are its entries."""
    wanted, limits = [], Limits(session)
    for kind, subject, mass_kg in _subjects(agreement, offer, listed):
        by_year = mass_by_year(mass_kg, offer.valid_from, offer.valid_to)
        for year, kg in (by_year if kind in ANNUAL else {ANY_YEAR: mass_kg}).items():
            limit = limits.of(kind, subject, year)
            if limit is not None and kg:
                wanted.append(Wanted(kind, subject.id, year, limit, kg, subject.public_id))
    return sorted(wanted, key=lambda each: each.key)


def reserve(
    session: Session,
    agreement: Agreement,
    offer: Offer,
    listed: Iterable[WhitelistEntry],
    expires_at: datetime,
    at: datetime,
) -> None:
    """Reserve what an offer takes of every limit until a moment; all of it or nothing.

    The limits are those of the rows as they stand in the session, and of the entries `listed`: whoever
    reserves has asked the rules before, which reads all of them anew (`still_lawful.rules_of`).
    Raises RuleBroken `full` for the first one without room (facts: kind, subject, year, left_kg, wanted_kg).
    """
    wanted = ceilings_of(session, agreement, offer, listed)
    _hold(session, agreement, wanted, expires_at, at, turn=agreement.facility)


def commit(session: Session, agreement: Agreement, at: datetime) -> None:
    """Turn what an agreement has reserved into what it takes for good."""
    for hold in _standing(session, [agreement.id]):
        if hold.status == "reserved":
            moved: Values = {
                Ceiling.reserved_kg: Ceiling.reserved_kg - hold.mass_kg,
                Ceiling.committed_kg: Ceiling.committed_kg + hold.mass_kg,
            }
            _update(session, hold, moved)
            advance(hold, "hold", "commit", "system")
            hold.expires_at = None
            _note(session, hold.agreement_id, hold.ceiling, "committed", hold.mass_kg, at)


def release(session: Session, agreement: Agreement, at: datetime, mass_kg: int | None = None) -> None:
    """Give back all that an agreement holds, or of each limit a mass that was never shipped, kg."""
    release_all(session, {agreement: mass_kg}, at)


def release_unshipped(session: Session, agreements: Iterable[Agreement], at: datetime) -> None:
    """Give back what several agreements have agreed and never shipped."""
    release_all(session, {each: each.offer.mass_kg - each.shipped_kg for each in agreements}, at)


def release_all(session: Session, agreements: Mapping[Agreement, int | None], at: datetime) -> None:
    """Give back a mass in kg of each limit that each agreement holds, None = all, in one order over all.

    Of a limit per year the last year gives first: what comes late is what has not been shipped.
    """
    holds = _standing(session, [agreement.id for agreement in agreements])
    masses = {agreement.id: mass_kg for agreement, mass_kg in agreements.items()}
    rest: dict[tuple[int, str, int], int] = {}
    given = []
    for hold in reversed(holds):
        subject = hold.agreement_id, hold.ceiling.kind, hold.ceiling.subject_id
        mass_kg = masses[hold.agreement_id]
        kg = hold.mass_kg if mass_kg is None else min(hold.mass_kg, rest.setdefault(subject, mass_kg))
        rest[subject] = rest.get(subject, kg) - kg
        given.append((hold, kg))
    _give_back(session, reversed(given), at)


def take_committed(
    session: Session, agreement: Agreement, kind: str, subject: Subject, mass_kg: int, at: datetime
) -> None:
    """Commit mass of one more limit to an agreement at once; nothing where there is no limit.

    Raises RuleBroken `full`.
    """
    limit = limit_kg(session, kind, subject)
    if limit is not None:
        wanted = Wanted(kind, subject.id, ANY_YEAR, limit, mass_kg, subject.public_id)
        _hold(session, agreement, [wanted], None, at)
        commit(session, agreement, at)


def left_kg(session: Session, kind: str, subject: Subject, year: int = ANY_YEAR) -> int | None:
    """Return what is neither reserved nor committed of a limit, kg, never below zero; None for no limit."""
    limit = limit_kg(session, kind, subject, year)
    if limit is None:
        return None
    taken = session.scalar(
        select(Ceiling.reserved_kg + Ceiling.committed_kg).filter_by(
            kind=kind, subject_id=subject.id, year=year
        )
    )
    return max(limit - (taken or 0), 0)


def held_kg(session: Session, agreement: Agreement, kind: str) -> dict[int, int]:
    """Return what an agreement holds of limits of one kind, kg by the key of their subject."""
    return {
        hold.ceiling.subject_id: hold.mass_kg
        for hold in _standing(session, [agreement.id])
        if hold.ceiling.kind == kind
    }


def _subjects(
    agreement: Agreement, offer: Offer, listed: Iterable[WhitelistEntry]
) -> Iterable[tuple[str, Subject, int]]:
    """Yield kind, row and kg of everything with a limit that an offer falls under."""
    line, mass_kg = agreement.line, offer.mass_kg
    if agreement.output is not None:
        yield "output", agreement.output, mass_kg
    if agreement.window is not None:
        yield "window", agreement.window, mass_kg
    yield "line", line, mass_kg
    for group in line.groups:
        yield "group", group, mass_kg
    yield "entitlement", line.entitlement, mass_kg
    yield "facility", line.entitlement.facility, mass_kg
    for entry in listed:
        yield "quota", entry, mass_kg
    proposal = agreement.proposal
    if proposal is not None and proposal.grant is not None:
        yield "grant", proposal.grant, min(mass_kg, proposal.mass_kg)


def _hold(
    session: Session,
    agreement: Agreement,
    wanted: Sequence[Wanted],
    expires_at: datetime | None,
    at: datetime,
    turn: Facility | None = None,
) -> None:
    """Take mass of limits for an agreement, and note what it has taken of quotas."""
    take(session, agreement, wanted, expires_at, turn=turn)
    for each in wanted:
        _note(session, agreement.id, each, "reserved", each.mass_kg, at)


def _note(
    session: Session, agreement_id: int, limit: Ceiling | Wanted, what: str, mass_kg: int, at: datetime
) -> None:
    """Write in an entry's book what has happened to its quota; the other limits need none."""
    if limit.kind == "quota":
        about = {"entry_id": limit.subject_id, "agreement_id": agreement_id}
        session.add(QuotaMove(**about, kind=what, mass_kg=mass_kg, document="", at=at))


def _standing(session: Session, agreement_ids: Sequence[int]) -> list[Hold]:
    """Return the holds that stand, in the order of locking."""
    holds = session.scalars(
        select(Hold)
        .join(Hold.ceiling)
        .options(contains_eager(Hold.ceiling))
        .where(Hold.agreement_id.in_(agreement_ids), Hold.status.in_(("reserved", "committed")))
    )
    return sorted(
        holds, key=lambda hold: place_of(hold.ceiling.kind, hold.ceiling.subject_id, hold.ceiling.year)
    )


def _give_back(session: Session, given: Iterable[tuple[Hold, int]], at: datetime) -> None:
    for hold, kg in given:
        column = Ceiling.reserved_kg if hold.status == "reserved" else Ceiling.committed_kg
        if kg:
            _update(session, hold, {column: column - kg})
            _note(session, hold.agreement_id, hold.ceiling, "released", kg, at)
        if kg == hold.mass_kg:
            advance(hold, "hold", "release", "system")
        else:
            hold.mass_kg -= kg


def _update(session: Session, hold: Hold, values: Values) -> None:
    session.execute(
        update(Ceiling).where(Ceiling.id == hold.ceiling_id).values(values),
        execution_options={"synchronize_session": False},
    )
