"""What a side has weighed is taken out again before it signs: the wrong file, or the wrong line."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.custody.held_transfers import locked
from circularity.custody.manifests import Transfer
from circularity.custody.weighings import SIDES, drop_weighings, require_open
from circularity.fields import Checks


def clear_weighings(session: Session, *, actor: Actor, at: datetime, transfer: Transfer, side: str) -> int:
    """Take every ticket and reading of a side out again; return how many there were.

    Raises BadInput for an unknown side, RuleBroken `already_signed`.
    """
    checks = Checks("weighing")
    checks.word("side", side, SIDES)
    checks.finish()
    locked(session, transfer)
    require_open(transfer, side)
    dropped = drop_weighings(session, transfer, (side,))
    record(session, actor, at, "transfer.weighings_cleared", transfer, {"side": side, "dropped": dropped})
    return dropped
