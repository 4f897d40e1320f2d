"""What an agreement counts as not shipped after all, of a load that comes home or goes on elsewhere."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.custody.manifests import TransferLine
from circularity.custody.reception import Receipt
from circularity.deals.agreements import unship


def count_back(session: Session, line: TransferLine, rest_kg: int) -> int:
    """Give a line's agreement back what leaves its receiver again, `rest_kg`; return the kg counted.

    What was counted is what was sent. An excess that only the receiver's bridge found never was, so it is not
    given back: what stays counted covers what was accepted, as far as that was sent.
    """
    accepted_kg = session.scalar(select(Receipt.accepted_kg).filter_by(line_id=line.id)) or 0
    back_kg = min(rest_kg, max(line.sent_kg - accepted_kg, 0))
    if back_kg:
        unship(session, line.agreement, back_kg)
    return back_kg
