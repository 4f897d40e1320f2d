"""Which mass a transfer carries, cell by cell: read from what its own groups moved, never kept twice."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from circularity.custody.manifests import Transfer, TransferLine
from circularity.ledger.mass import MassAccount, MassGroup, MassMove
from circularity.ledger.postings import Cell


def cells_of(
    session: Session,
    transfer: Transfer,
    line: TransferLine,
    kind: str = "in_transit",
    holder_site_id: int | None = None,
) -> list[tuple[Cell, int]]:
    """Return what the line's mass is, by cell, oldest vintage first, kg above zero: what is on the way now.

    After a verdict that is what was refused. With `kind` reserved it is what waits for pick-up; `received`
    and `on_site` with the receiver as `holder_site_id` give what a receipt brought. A re-matched load carries
    what the transfer that was refused left on the road.
    """
    holder = transfer.sender_site_id if holder_site_id is None else holder_site_id
    found: dict[Cell, int] = defaultdict(int)
    link: Transfer | None = transfer
    while link is not None:
        for sign, side in ((1, MassMove.target_id), (-1, MassMove.source_id)):
            for cell, mass_kg in _sums(session, link.public_id, line.waste_code, kind, holder, side):
                found[cell] += sign * mass_kg
        link = link.refused_transfer if kind == "in_transit" else None
    left = [(cell, mass_kg) for cell, mass_kg in found.items() if mass_kg > 0]
    return sorted(left, key=lambda part: (part[0].vintage, part[0].origin_site_id))


def _sums(
    session: Session,
    subject_id: str,
    waste_code: str,
    kind: str,
    holder: int,
    side: InstrumentedAttribute[int],
) -> list[tuple[Cell, int]]:
    account = aliased(MassAccount)
    rows = session.execute(
        select(account.origin_site_id, account.waste_code, account.vintage, func.sum(MassMove.mass_kg))
        .join(MassGroup, MassMove.group_id == MassGroup.id)
        .join(account, side == account.id)
        .where(
            MassGroup.subject_id == subject_id,
            account.kind == kind,
            account.holder_site_id == holder,
            account.waste_code == waste_code,
        )
        .group_by(account.origin_site_id, account.waste_code, account.vintage)
    )
    return [(Cell(origin, code, vintage), int(mass_kg)) for origin, code, vintage, mass_kg in rows]
