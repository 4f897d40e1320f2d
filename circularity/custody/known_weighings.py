"""Where the tickets stand that an import finds known already: on this very transfer, or on which other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.columns import utc
from circularity.custody.manifests import Transfer, TransferLine
from circularity.custody.weighings import Ticket
from circularity.organisations import Site

Repeated = tuple[int | None, str, str]
"""The row of a file, its ticket, and the number of the transfer that has it, "" for the one it is sent to."""


def told_where(
    session: Session, site: Site, transfer: Transfer, rows: Sequence[tuple[int | None, str, datetime]]
) -> tuple[Repeated, ...]:
    """Return each row (its place, ticket and moment) with the transfer that has the bridge's ticket."""
    found = session.execute(
        select(Ticket.ticket_no, Ticket.weighed_at, Transfer.number)
        .join(TransferLine, Ticket.line_id == TransferLine.id)
        .join(Transfer, TransferLine.transfer_id == Transfer.id)
        .where(Ticket.site_id == site.id, Ticket.ticket_no.in_([ticket for _, ticket, _ in rows]))
        .where(Transfer.id != transfer.id)
    )
    elsewhere = {(ticket, at): number for ticket, at, number in found}
    return tuple((row, ticket, elsewhere.get((ticket, utc(at)), "")) for row, ticket, at in rows)
