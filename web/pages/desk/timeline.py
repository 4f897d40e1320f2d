"""What happened to a transfer, in order: its steps, who signed what and when, its corrections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from circularity.custody.amendments import Correction
from circularity.custody.manifests import Signature, Transfer
from circularity.custody.reception import Receipt


@dataclass(frozen=True)
class Happening:
    """One moment; `what` is a state of the transfer, `signed`, `asked` or `settled`.

    Sending and pick-up are told by their signatures.
    """

    at: datetime
    what: str
    signature: Signature | None = None
    correction: Correction | None = None


def timeline(
    transfer: Transfer, receipts: Sequence[Receipt], corrections: Sequence[Correction]
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
    for correction in corrections:
        found.append(Happening(correction.asked_at, "asked", correction=correction))
        if correction.settled_at is not None:
            found.append(Happening(correction.settled_at, "settled", correction=correction))
    return sorted(found, key=lambda happening: happening.at)
