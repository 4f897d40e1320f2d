"""The two sides of a deal, and taking hold of a deal before changing it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from circularity.audit import Actor
from circularity.deals.contract import Agreement
from circularity.runs.stored import Proposal

PARTY = {"generator": "generator", "facility": "receiver"}
"""Who a side of a deal is in the lifecycles."""

OTHER = {"generator": "facility", "facility": "generator"}

OFFER_STANDS = timedelta(days=30)
"""So long an offer can be accepted, unless another follows."""

CLOCK = Actor("平台时钟 · platform clock", None, "system")
"""Who lets things lapse, expire and run out."""


def lock(session: Session, deal: Agreement | Proposal) -> None:
    """Read a deal as it now is and let nobody else change it until the transaction ends."""
    session.flush()
    session.refresh(deal, with_for_update={"of": type(deal)})
