"""Taking a transfer for one act: whoever comes second waits, and then sees what the first has left."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from circularity.custody.manifests import Transfer


def locked(session: Session, transfer: Transfer) -> Transfer:
    """Take the transfer's row for this transaction and see it, its lines and its carriers as they now are.

    Lines and carriers are read after the row is held: another act may have changed them while one waited.
    """
    session.flush()
    whole = (
        select(Transfer)
        .filter_by(id=transfer.id)
        .options(selectinload(Transfer.lines), selectinload(Transfer.carriages))
        .options(selectinload(Transfer.signatures))
        # Of this row only: however it was loaded, what was joined to it is not locked.
        .with_for_update(of=Transfer)
        .execution_options(populate_existing=True)
    )
    return session.scalars(whole).one()
