"""The two sides of a deal, and taking hold of a deal before changing it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, joinedload

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
    """Read a deal as it now is and let nobody else change it until the transaction ends.

    Two looks: what is joined to a row that had to be waited for is not what it was joined to by then.
    """
    session.flush()
    model, of_deal = type(deal), {"deal": deal.id}
    session.connection().execute(_LOCKED[model], of_deal)
    session.execute(_READ[model], of_deal, execution_options={"populate_existing": True}).unique().one()


_LOCKED = {
    model: select(model.id).where(model.id == bindparam("deal")).with_for_update()
    for model in (Agreement, Proposal)
}
_READ = {
    # with what every step asks of it
    Agreement: select(Agreement)
    .where(Agreement.id == bindparam("deal"))
    .options(joinedload(Agreement.offers), joinedload(Agreement.procedures)),
    Proposal: select(Proposal).where(Proposal.id == bindparam("deal")),
}
