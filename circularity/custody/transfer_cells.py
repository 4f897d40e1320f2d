"""Which mass a transfer carries, cell by cell: read from what its own groups moved, never kept twice."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Select, bindparam, func, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

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
        asked = {"subject": link.public_id, "waste_code": line.waste_code, "kind": kind, "holder": holder}
        for origin, code, vintage, mass_kg in session.execute(_MOVED, asked):
            found[Cell(origin, code, vintage)] += int(mass_kg)
        link = link.refused_transfer if kind == "in_transit" else None
    left = [(cell, mass_kg) for cell, mass_kg in found.items() if mass_kg > 0]
    return sorted(left, key=lambda part: (part[0].vintage, part[0].origin_site_id))


def _moved(side: InstrumentedAttribute[int], sign: int) -> Select[int, str, int, int]:
    """Return what the groups of a subject moved into or out of accounts of one kind and holder."""
    return (
        select(
            MassAccount.origin_site_id,
            MassAccount.waste_code,
            MassAccount.vintage,
            (sign * MassMove.mass_kg).label("kg"),
        )
        .join(MassGroup, MassMove.group_id == MassGroup.id)
        .join(MassAccount, side == MassAccount.id)
        .where(
            MassGroup.subject_id == bindparam("subject"),
            MassAccount.kind == bindparam("kind"),
            MassAccount.holder_site_id == bindparam("holder"),
            MassAccount.waste_code == bindparam("waste_code"),
        )
    )


_BOTH = union_all(_moved(MassMove.target_id, 1), _moved(MassMove.source_id, -1)).subquery()
_CELL = (_BOTH.c.origin_site_id, _BOTH.c.waste_code, _BOTH.c.vintage)
_MOVED = select(*_CELL, func.sum(_BOTH.c.kg)).group_by(*_CELL)
