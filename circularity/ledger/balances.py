"""What the mass ledger says: balances, what a site holds by vintage, the trial balance, and its faults."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from circularity.ledger.mass import MassAccount, MassGroup, MassMove
from circularity.ledger.postings import Cell
from circularity.units import format_tonnes


def balance(session: Session, kind: str, cell: Cell, holder_site_id: int) -> int:
    """Return an account's balance in kg; 0 for one that was never used."""
    found = session.scalar(
        select(MassAccount.balance_kg).filter_by(
            origin_site_id=cell.origin_site_id,
            holder_site_id=holder_site_id,
            waste_code=cell.waste_code,
            vintage=cell.vintage,
            kind=kind,
        )
    )
    return found or 0


def held(session: Session, kind: str, holder_site_id: int, waste_code: str) -> list[tuple[Cell, int]]:
    """Return what a site holds of one waste in one kind, by cell, oldest vintage first; kg above zero."""
    rows = session.execute(_HELD, {"kind": kind, "holder": holder_site_id, "waste_code": waste_code})
    return [(Cell(row.origin_site_id, row.waste_code, row.vintage), row.balance_kg) for row in rows]


_HELD = (
    select(MassAccount.origin_site_id, MassAccount.waste_code, MassAccount.vintage, MassAccount.balance_kg)
    .where(MassAccount.kind == bindparam("kind"), MassAccount.holder_site_id == bindparam("holder"))
    .where(MassAccount.waste_code == bindparam("waste_code"), MassAccount.balance_kg > 0)
    .order_by(MassAccount.vintage, MassAccount.origin_site_id)
)


def oldest_first(
    session: Session, kind: str, holder_site_id: int, waste_code: str, mass_kg: int
) -> list[tuple[Cell, int]]:
    """Split `mass_kg` over what a site holds, old stock first; what is missing is simply not returned."""
    parts = []
    for cell, has_kg in held(session, kind, holder_site_id, waste_code):
        taken = min(has_kg, mass_kg)
        mass_kg -= taken
        parts += [(cell, taken)] if taken else []
    return parts


def trial_balance(session: Session) -> dict[str, int]:
    """Return the sum of balances by kind in kg; over all kinds it is zero."""
    rows = session.execute(
        select(MassAccount.kind, func.sum(MassAccount.balance_kg)).group_by(MassAccount.kind)
    )
    return {kind: int(total) for kind, total in rows}


def faults(session: Session) -> list[str]:
    """Fold every account from its moves and count every group's; one sentence per fault, none when whole."""
    came = dict(_sums(session, MassMove.target_id))
    went = dict(_sums(session, MassMove.source_id))
    found = [
        f"account {key} holds {format_tonnes(kg)} t, its moves give {format_tonnes(moved_kg)} t"
        for key, kg in session.execute(select(MassAccount.id, MassAccount.balance_kg))
        if kg != (moved_kg := came.get(key, 0) - went.get(key, 0))
    ]
    written = func.count(MassMove.line)
    groups = (
        select(MassGroup.id, MassGroup.moves, written)
        .outerjoin(MassMove, MassMove.group_id == MassGroup.id)
        .group_by(MassGroup.id, MassGroup.moves)
        .having(written != MassGroup.moves)
    )
    return found + [
        f"group {key} announced {announced} moves and has {count}"
        for key, announced, count in session.execute(groups)
    ]


def _sums(session: Session, side: Any) -> Iterable[tuple[int, int]]:
    rows = session.execute(select(side, func.sum(MassMove.mass_kg)).group_by(side))
    return ((key, int(total)) for key, total in rows)
