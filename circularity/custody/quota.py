"""The quota of an entry: what deals have drawn, what was received in the end, consent above it, its history.

The counter is the ceiling of kind `quota` (`deals.reservations` draws and gives back); here it is trued
up by receipts and raised by an act. A quota lies within one calendar year, so its counter needs no year.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.custody.manifests import LineAgreement, Transfer, TransferLine
from circularity.custody.reception import Receipt
from circularity.deals.ceilings import ANY_YEAR, Ceiling, Hold
from circularity.deals.contract import Agreement
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.organisations import Organisation
from circularity.whitelist.entries import WhitelistEntry
from circularity.whitelist.offices import SUSPEND, require_office
from circularity.whitelist.quota_moves import QuotaMove
from circularity.whitelist.standing import CLOCK

_TAKES = {"reserved": 1, "trued_up": 1, "released": -1, "trued_down": -1, "committed": 0, "raised": 0}
_UNSYNCHRONISED = {"synchronize_session": False}
_IN_FORCE = ("agreed", "suspended")


@dataclass(frozen=True, slots=True)
class QuotaState:
    """What an entry may take and what is taken of it, kg; `limit_kg` and `left_kg` are None for no quota."""

    limit_kg: int | None
    reserved_kg: int
    committed_kg: int

    @property
    def left_kg(self) -> int | None:
        """What can still be drawn, never below zero."""
        if self.limit_kg is None:
            return None
        return max(self.limit_kg - self.reserved_kg - self.committed_kg, 0)


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """One line of an entry's book: what happened, for which deal, and what was taken after it, kg."""

    move: QuotaMove
    agreement: Agreement | None
    taken_kg: int


def quota_state(session: Session, entry: WhitelistEntry) -> QuotaState:
    """Return where an entry's quota stands."""
    ceiling = session.scalar(
        select(Ceiling).filter_by(kind="quota", subject_id=entry.id, year=ANY_YEAR),
        execution_options={"populate_existing": True},
    )
    if ceiling is None:
        return QuotaState(entry.quota_kg, 0, 0)
    return QuotaState(entry.quota_kg, ceiling.reserved_kg, ceiling.committed_kg)


def quota_book(session: Session, entry: WhitelistEntry) -> list[QuotaLine]:
    """Return all that has happened to an entry's quota, the oldest first."""
    rows = session.execute(
        select(QuotaMove, Agreement)
        .outerjoin(Agreement, QuotaMove.agreement_id == Agreement.id)
        .where(QuotaMove.entry_id == entry.id)
        .order_by(QuotaMove.id)
    )
    lines, taken_kg = [], 0
    for move, agreement in rows:
        taken_kg += _TAKES[move.kind] * move.mass_kg
        lines.append(QuotaLine(move, agreement, taken_kg))
    return lines


def raise_quota(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    entry: WhitelistEntry,
    by: Organisation,
    mass_kg: int,
    document: str,
    reason: str,
) -> None:
    """Consent to mass above an entry's quota, by a letter (`document`). Raises BadInput, NotAllowed.

    The licence's limit stays what it is. Raises RuleBroken `no_quota`, `not_listed`.
    """
    checks = Checks("whitelist_entry")
    mass_kg = checks.kilograms("mass_kg", mass_kg, 1)
    document = checks.text("document", document, maximum=500)
    reason = checks.text("reason", reason, maximum=1000)
    checks.finish()
    session.flush()
    session.refresh(entry, with_for_update={"of": WhitelistEntry})
    require_office(session, by, entry.facility, delta_day(at), SUSPEND)
    if entry.quota_kg is None:
        raise RuleBroken("no_quota", "该条目没有限额", "this entry has no quota")
    if entry.status != "listed":
        zh, en = "条目不在有效状态", "the entry is not in force"
        raise RuleBroken("not_listed", zh, en, status=entry.status)
    before_kg, entry.quota_kg = entry.quota_kg, entry.quota_kg + mass_kg
    session.add(QuotaMove(entry_id=entry.id, kind="raised", mass_kg=mass_kg, document=document, at=at))
    facts = {"by": by, "before_kg": before_kg, "quota_kg": entry.quota_kg}
    told = {"document": document, "reason": reason}
    record(session, actor, at, "whitelist.quota_raised", entry, facts | told)


def true_up_quotas(session: Session, *, at: datetime) -> int:
    """Let every quota say what was received instead of what was sent; return how many deals changed it.

    More than the quota has room for is not taken: what was received beyond it stays visible as such.
    """
    wanted = select(Hold.agreement_id).join(Hold.ceiling).where(*_STANDS)
    keys = sorted(set(session.scalars(wanted)))
    off = _received_less_sent_kg(session, keys)
    due = [key for key in keys if off.get(key)]
    if not due:
        return 0
    deals = session.scalars(
        select(Agreement).where(Agreement.id.in_(due)).order_by(Agreement.id).with_for_update(of=Agreement),
        execution_options={"populate_existing": True},
    ).all()
    off = _received_less_sent_kg(session, due)
    held = session.scalars(
        select(Hold).join(Hold.ceiling).where(Hold.agreement_id.in_(due), *_STANDS).order_by(Hold.ceiling_id),
        execution_options={"populate_existing": True},
    ).all()
    deal_of = {deal.id: deal for deal in deals}
    changed = [
        (hold, kg)
        for hold in held
        if (kg := _change(session, hold, deal_of[hold.agreement_id], off.get(hold.agreement_id, 0), at))
    ]
    for hold, kg in changed:
        entry = session.get_one(WhitelistEntry, hold.ceiling.subject_id)
        facts = {"agreement": deal_of[hold.agreement_id], "by_kg": kg, "held_kg": hold.mass_kg}
        record(session, CLOCK, at, "whitelist.quota_trued_up", entry, facts)
    return len(changed)


_STANDS = (Ceiling.kind == "quota", Hold.status == "committed")


def _change(session: Session, hold: Hold, deal: Agreement, off_kg: int, at: datetime) -> int:
    """Bring one hold to what its deal comes to; return by how much it changed, kg."""
    base_kg = deal.offer.mass_kg if deal.status in _IN_FORCE else deal.shipped_kg
    by_kg = max(base_kg + off_kg, 1) - hold.mass_kg
    entry = session.get_one(WhitelistEntry, hold.ceiling.subject_id)
    if by_kg > 0:
        # Only as much as there is room for: the counter is asked in the UPDATE itself.
        state = quota_state(session, entry)
        by_kg = min(by_kg, by_kg if state.left_kg is None else state.left_kg)
    if not by_kg:
        return 0
    taken_kg = Ceiling.reserved_kg + Ceiling.committed_kg
    limit_kg = Ceiling.limit_kg if entry.quota_kg is None else entry.quota_kg
    done = session.scalar(
        update(Ceiling)
        .where(Ceiling.id == hold.ceiling_id)
        .where((taken_kg + by_kg <= limit_kg) | (by_kg < 0))
        .values(committed_kg=Ceiling.committed_kg + by_kg, **_restated(entry, by_kg))
        .returning(Ceiling.id),
        execution_options=_UNSYNCHRONISED,
    )
    if done is None:
        return 0
    hold.mass_kg += by_kg
    kind = "trued_up" if by_kg > 0 else "trued_down"
    about = {"entry_id": entry.id, "agreement_id": deal.id}
    session.add(QuotaMove(**about, kind=kind, mass_kg=abs(by_kg), document="", at=at))
    return by_kg


def _restated(entry: WhitelistEntry, by_kg: int) -> dict[str, int]:
    """State the limit anew where more is taken of it."""
    return {} if entry.quota_kg is None or by_kg < 0 else {"limit_kg": entry.quota_kg}


def _received_less_sent_kg(session: Session, agreements: Sequence[int]) -> dict[int, int]:
    """Return by how much what was weighed on arrival differs from what was sent, kg by deal."""
    agreement_id = func.coalesce(LineAgreement.agreement_id, Transfer.agreement_id)
    rows = session.execute(
        select(agreement_id, func.sum(Receipt.received_kg - TransferLine.sent_kg))
        .join(TransferLine, Receipt.line_id == TransferLine.id)
        .join(Transfer, TransferLine.transfer_id == Transfer.id)
        .outerjoin(LineAgreement, LineAgreement.line_id == TransferLine.id)
        .where(Receipt.verdict != "pending", agreement_id.in_(agreements))
        .group_by(agreement_id)
    )
    return {int(key): int(kg) for key, kg in rows}


def taken_kg(lines: Iterable[QuotaLine]) -> int:
    """Return what is taken of a quota by its book alone, kg; equal to its counter."""
    return sum(_TAKES[line.move.kind] * line.move.mass_kg for line in lines)
