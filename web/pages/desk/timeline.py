"""What happened to a transfer, in order: its steps, who signed what and when, its corrections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.audit import AuditEvent
from circularity.custody.amendments import Correction
from circularity.custody.manifests import Signature, Transfer
from circularity.custody.reception import Receipt
from web.words import word


@dataclass(frozen=True)
class Happening:
    """One moment; `what` is a state of the transfer, `signed`, `asked` or `settled`.

    Sending and pick-up are told by their signatures. `reason` was given for a cancellation, or names what of
    a draft was changed; `weighed_kg` is what came home.
    """

    at: datetime
    what: str
    signature: Signature | None = None
    correction: Correction | None = None
    reason: str = ""
    weighed_kg: int | None = None


_TOLD_BY_EVENT = {
    "transfer.draft_changed": "draft_changed",
    "transfer.cancelled": "cancelled",
    "transfer.sent_back": "returning",
    "transfer.taken_back": "returned",
}
"""Acts whose moment no column of the transfer keeps, and what is said of them: mostly the next state."""


def timeline(
    session: Session, transfer: Transfer, receipts: Sequence[Receipt], corrections: Sequence[Correction]
) -> list[Happening]:
    """Return what happened, the earliest first; equal moments in the order of the road."""
    decided = max((receipt.decided_at for receipt in receipts if receipt.decided_at), default=None)
    verdicts = {receipt.verdict for receipt in receipts}
    verdict = verdicts.pop() if len(verdicts) == 1 else "partly_accepted"
    moments = (
        ("draft", transfer.drafted_at),
        ("arrived", transfer.arrived_at),
        (verdict, decided),
        ("closed", transfer.closed_at),
    )
    found = [Happening(at, what) for what, at in moments if at is not None]
    found += [Happening(row.signed_at, "signed", signature=row) for row in transfer.signatures]
    found += _told_by_events(session, transfer)
    for correction in corrections:
        found.append(Happening(correction.asked_at, "asked", correction=correction))
        if correction.settled_at is not None:
            found.append(Happening(correction.settled_at, "settled", correction=correction))
    return sorted(found, key=lambda happening: happening.at)


def _told_by_events(session: Session, transfer: Transfer) -> list[Happening]:
    events = session.scalars(
        select(AuditEvent)
        .filter_by(subject_id=transfer.public_id)
        .where(AuditEvent.action.in_(_TOLD_BY_EVENT))
        .order_by(AuditEvent.position)
    )
    return [
        Happening(
            event.at,
            _TOLD_BY_EVENT[event.action],
            reason=event.facts.get("reason", "") or _said_anew(event.facts),
            weighed_kg=_came_home(event.facts) if event.action == "transfer.taken_back" else None,
        )
        for event in events
    ]


def _said_anew(facts: Mapping[str, Any]) -> str:
    """Return which parts of a draft were changed."""
    parts = dict.fromkeys(word("said", part) for part in facts.get("changes", ()))
    return " · ".join(parts)


def _came_home(facts: dict[str, dict[str, int]]) -> int:
    """Return what was weighed of each line on its return, else what had been refused of it."""
    return sum(facts["weighed_kg"].get(number, kg) for number, kg in facts["refused_kg"].items())
