"""What an approved correction does: new values, the mass booked anew on its own days, new seals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.audit import AuditEvent
from circularity.calendar_days import delta_day
from circularity.custody import grouping
from circularity.custody.amendments import Correction
from circularity.custody.carriers import book_pick_up
from circularity.custody.corrected_fields import CANCEL, find_field, is_weight
from circularity.custody.corrected_weighings import WEIGHINGS, write_weighings
from circularity.custody.departures import book_departure
from circularity.custody.manifests import Signature, Transfer, TransferLine
from circularity.custody.receipt_postings import receipt_movements
from circularity.custody.receipts import receipts_of, received_on
from circularity.custody.reception import Receipt
from circularity.custody.seals import seal
from circularity.custody.settlement import settled_kg
from circularity.custody.weighed_sums import require_sums
from circularity.custody.weighings import drop_weighings
from circularity.deals.agreements import ship, unship
from circularity.errors import RuleBroken
from circularity.ledger.frozen_months import require_open
from circularity.ledger.groups import post, reverse
from circularity.ledger.mass import MassGroup
from circularity.lifecycle import advance
from circularity.units import format_tonnes

_DEPARTURES = ("transfer.submitted", "sheet.sent")
_SENT = (*_DEPARTURES, "transfer.picked_up")
_BOOKED = (*_SENT, "receipt.accepted")
"""Events that a corrected weight is booked anew for. What was carried as generated stays generated."""


def apply(session: Session, *, correction: Correction, at: datetime, person: Mapping[int, str]) -> None:
    """Make the change; `person` is who agreed last, by organisation.

    Raises RuleBroken `mass_went_back`, `load_on_the_road`, `grouped`, `other_verdict`, `already_used`,
    `more_than_agreed`, `not_enough_mass`, `moisture_missing`, `known_already`,
    `not_as_ticketed`, `month_closed`.
    """
    transfer = correction.transfer
    if CANCEL in correction.changes:
        _cancel(session, transfer, at)
        # What was weighed may count where it belongs; the documents sealed before keep its digest.
        if transfer.lifecycle == "sheet" and drop_weighings(session, transfer):
            _seal_anew(session, correction, at, person)
        return
    receipts = receipts_of(session, transfer)
    weighs = any(map(is_weight, correction.changes))
    if weighs:
        _require_bookable(session, transfer)
        _count(session, transfer, correction)
        days = _take_back_bookings(session, transfer, at)
    write_weighings(session, transfer, correction.changes)
    for field, (_, after) in correction.changes.items():
        if field.startswith(WEIGHINGS):
            continue
        place = find_field(transfer, receipts, field)
        if place is None:
            raise LookupError(f"{field} was there when the correction was asked for")
        setattr(*place, after)
    if weighs:
        _judge_anew(transfer, receipts)
        session.flush()
        require_sums(session, transfer, receipts, correction.changes)
        _book_anew(session, transfer, receipts, days, at)
    session.flush()
    _seal_anew(session, correction, at, person)


def _cancel(session: Session, transfer: Transfer, at: datetime) -> None:
    """Cancel by consent: a trip turns back; of a sheet the mass has never left."""
    if transfer.lifecycle == "sheet":
        for line in sorted(transfer.lines, key=lambda row: row.agreement.id):
            _require_open(session, transfer, line)
            unship(session, line.agreement, line.sent_kg)
            grouping.release(session, line)
        _take_back_bookings(session, transfer, at)
    advance(transfer, transfer.lifecycle, "cancel", "system", {"by_consent": lambda: None})


def _require_bookable(session: Session, transfer: Transfer) -> None:
    """Refuse where the mass has taken a way that cannot be told anew."""
    gone = session.scalar(
        select(MassGroup.id).filter_by(subject_id=transfer.public_id, event="transfer.returned").limit(1)
    )
    taken = select(Transfer.id).where(Transfer.refused_transfer_id == transfer.id, Transfer.status != "draft")
    if gone is not None or session.scalar(taken.limit(1)) is not None:
        raise went_back()


def went_back() -> RuleBroken:
    """Return the refusal of new weights for a load of which the refused part is at the gate no longer."""
    zh, en = "拒收部分已退回或再撮合，重量不能再更正", "the refused part has gone its way already"
    return RuleBroken("mass_went_back", zh, en)


def _count(session: Session, transfer: Transfer, correction: Correction) -> None:
    """Count what was sent more or less on the agreements, in their order."""
    for line in sorted(transfer.lines, key=lambda row: row.agreement.id):
        before, after = correction.changes.get(f"lines.{line.number}.sent_kg", (0, 0))
        if before == after:
            continue
        if transfer.refused_transfer is not None:
            zh, en = "再撮合货物的发出重量由拒收量决定", "what a re-matched load sends is what was refused"
            raise RuleBroken("load_on_the_road", zh, en, line=line.number)
        if grouping.fractions_of(session, line):
            zh, en = "归集行的发出重量由各批次决定", "what a grouped line sends is what was grouped"
            raise RuleBroken("grouped", zh, en, line=line.number)
        _require_open(session, transfer, line)
        if after > before:
            ship(session, line.agreement, after - before)
        else:
            unship(session, line.agreement, before - after)


def _require_open(session: Session, transfer: Transfer, line: TransferLine) -> None:
    """Refuse to change what left in a month that its sender has closed."""
    signed_at = None if transfer.lifecycle == "sheet" else transfer.submitted_at
    left_on = delta_day(signed_at) if signed_at else transfer.day_to
    require_open(session, transfer.sender_site_id, line.waste_code, left_on)


def _take_back_bookings(session: Session, transfer: Transfer, at: datetime) -> dict[str, date]:
    """Reverse what was booked, last first, each on its own day; return the days by event."""
    reversed_ones = select(MassGroup.reverses_id).where(MassGroup.reverses_id.is_not(None))
    groups = session.scalars(
        select(MassGroup)
        .where(MassGroup.subject_id == transfer.public_id, MassGroup.event.in_(_BOOKED))
        .where(MassGroup.id.not_in(reversed_ones))
        .order_by(MassGroup.id.desc())
    ).all()
    for group in groups:
        reverse(session, group=group, on_day=group.on_day, at=at)
    return {group.event: group.on_day for group in groups}


def _judge_anew(transfer: Transfer, receipts: Mapping[int, Receipt]) -> None:
    """Let accepted follow received and refused; the verdict itself stays what it was."""
    for line in transfer.lines:
        receipt = receipts.get(line.number)
        if receipt is None:
            continue
        accepted_kg = receipt.received_kg - receipt.refused_kg
        if receipt.verdict != _verdict(accepted_kg, receipt.refused_kg):
            zh, en = "更正不能改变接收结论", "a correction does not change the verdict"
            raise RuleBroken("other_verdict", zh, en, line=line.number, verdict=receipt.verdict)
        used_kg = receipt.forwarded_kg + receipt.treated_kg
        if accepted_kg < used_kg:
            used_t = format_tonnes(used_kg)
            zh, en = f"其中 {used_t} 吨已转出或处理", f"{used_t} t of it have been used already"
            raise RuleBroken("already_used", zh, en, line=line.number, used_kg=used_kg)
        receipt.accepted_kg = accepted_kg
        receipt.settled_kg = settled_kg(line.agreement, line, receipt)


def _verdict(accepted_kg: int, refused_kg: int) -> str:
    if accepted_kg <= 0:
        return "refused" if accepted_kg == 0 else ""
    return "partly_accepted" if refused_kg else "accepted"


def _book_anew(
    session: Session,
    transfer: Transfer,
    receipts: Mapping[int, Receipt],
    days: Mapping[str, date],
    at: datetime,
) -> None:
    """Post departure and pick-up again, each for the day it had, and the receipt for that of its verdict.

    The receipt is asked whether or not it had moved anything: a load that was refused whole at the weight it
    was sent with had no difference to book, and may have one now.
    """
    for event in (event for event in _SENT if event in days):
        book = book_departure if event in _DEPARTURES else book_pick_up
        book(session, at=at, transfer=transfer, on_day=days[event])
    decided = [receipt.decided_at for receipt in receipts.values() if receipt.decided_at]
    movements = [
        m for line in transfer.lines for m in receipt_movements(session, line, receipts[line.number])
    ]
    on_day = received_on(transfer, max(decided))
    post(session, event="receipt.accepted", on_day=on_day, at=at, subject=transfer, movements=movements)


def _seal_anew(session: Session, correction: Correction, at: datetime, person: Mapping[int, str]) -> None:
    """Have every party that had signed seal the new document: by their consent, under their name."""
    transfer = correction.transfer
    newest: dict[tuple[str, int], Signature] = {
        (row.signer, row.carriage): row for row in transfer.signatures
    }
    revision = max(row.revision for row in transfer.signatures) + 1
    persons = _persons(session, correction) | dict(person)
    for signature in newest.values():
        seal(
            session,
            transfer=transfer,
            at=at,
            signer=signature.signer,
            organisation=signature.organisation,
            person=persons.get(signature.organisation_id, signature.person),
            carriage=signature.carriage,
            revision=revision,
        )


def _persons(session: Session, correction: Correction) -> dict[int, str]:
    """Return who asked and agreed so far, by organisation, as the audit chain tells."""
    parties = {row.organisation.public_id: row.organisation_id for row in correction.transfer.signatures}
    events = session.scalars(select(AuditEvent).filter_by(subject_id=correction.public_id))
    return {
        parties[key]: event.actor_name
        for event in events
        if (key := event.facts.get("organisation")) in parties
    }
