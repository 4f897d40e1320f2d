"""The mass ledger's verbs: post a group of moves, or reverse one, in the transaction of the caller.

Every event that moves mass posts one group in the transaction that changes the state, by the table in
`ledger.postings`. A move is balanced by itself (see `ledger.mass`); the accounts are locked in one
order, what they hold is checked to give a reason, and the database keeps the balances and refuses what is not
there. What the ledger says is read in `circularity.ledger.balances`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from circularity.columns import new_public_id
from circularity.errors import RuleBroken
from circularity.ledger.mass import EITHER_WAY, SOURCES, MassAccount, MassGroup, MassMove
from circularity.ledger.postings import POSTINGS, Movement
from circularity.units import format_tonnes

REVERSAL = "reversal"

_Key = tuple[int, int, str, int, str]
"""Origin site, holder site, waste, vintage, kind."""

_COLUMNS = (
    MassAccount.origin_site_id,
    MassAccount.holder_site_id,
    MassAccount.waste_code,
    MassAccount.vintage,
    MassAccount.kind,
)


@dataclass(frozen=True, slots=True)
class _Move:
    """One move about to be written, its accounts by their keys."""

    leg: str
    source: _Key
    target: _Key
    mass_kg: int
    operation: str


def post(
    session: Session,
    *,
    event: str,
    on_day: date,
    at: datetime,
    subject: Any,
    movements: Sequence[Movement],
) -> MassGroup | None:
    """Post the movements of one event about a row with a `public_id`, in order; None when there are none.

    Movements of zero kg are left out. Raises RuleBroken `not_enough_mass` (facts: kind, waste_code, vintage,
    balance_kg, wanted_kg) where a stock does not hold what a move takes, `more_than_given` (given_kg instead
    of balance_kg) where more goes back to generation or opening stock than came of it; KeyError for a leg
    that the event does not have.
    """
    moves = [_move(movement, *POSTINGS[event][movement.leg]) for movement in movements if movement.mass_kg]
    if not moves:
        return None
    group = MassGroup(
        event=event, subject_kind=type(subject).__name__, subject_id=subject.public_id, reverses_id=None
    )
    return _write(session, group, on_day, at, moves)


def reverse(session: Session, *, group: MassGroup, on_day: date, at: datetime) -> MassGroup:
    """Take back every move of a group, last first, in a group of its own on `on_day`.

    Raises RuleBroken `already_reversed`, `is_reversal` for a reversal itself, `not_enough_mass` when the mass
    has moved on, and `more_than_given` when another posting has taken it back already.
    """
    if group.reverses_id is not None:
        raise RuleBroken(
            "is_reversal", "冲销分录不能再冲销，请重新记账", "a reversal is not reversed; post anew"
        )
    moves = _reversed_moves(session, group)
    # Whoever reverses first has locked these accounts, so the answer cannot change after the lock.
    _locked(session, moves)
    if session.scalar(select(MassGroup.id).where(MassGroup.reverses_id == group.id)) is not None:
        raise RuleBroken("already_reversed", "该组分录已冲销", "this group has been reversed already")
    reversal = MassGroup(
        event=REVERSAL, subject_kind=group.subject_kind, subject_id=group.subject_id, reverses_id=group.id
    )
    return _write(session, reversal, on_day, at, moves)


def _move(movement: Movement, source: str, target: str) -> _Move:
    cell, holder = movement.cell, movement.holder_site_id
    other = holder if movement.to_holder_site_id is None else movement.to_holder_site_id
    return _Move(
        movement.leg,
        (cell.origin_site_id, holder, cell.waste_code, cell.vintage, source),
        (cell.origin_site_id, other, cell.waste_code, cell.vintage, target),
        movement.mass_kg,
        movement.operation,
    )


def _reversed_moves(session: Session, group: MassGroup) -> list[_Move]:
    source, target = aliased(MassAccount), aliased(MassAccount)
    keys = [getattr(side, column.key) for side in (target, source) for column in _COLUMNS]
    rows = session.execute(
        select(MassMove.leg, MassMove.mass_kg, MassMove.operation, *keys)
        .join(source, MassMove.source_id == source.id)
        .join(target, MassMove.target_id == target.id)
        .where(MassMove.group_id == group.id)
        .order_by(MassMove.line.desc())
    )
    return [
        _Move(leg, tuple(key[:5]), tuple(key[5:]), mass_kg, operation)
        for leg, mass_kg, operation, *key in rows
    ]


def _write(
    session: Session, group: MassGroup, on_day: date, at: datetime, moves: Sequence[_Move]
) -> MassGroup:
    """Check that every stock holds what is taken of it, then insert the group and its moves."""
    accounts = _locked(session, moves)
    holds = {key: kg for key, (_, kg) in accounts.items()}
    for move in moves:
        _refuse_shortage(move.source, holds[move.source], move.mass_kg)
        _refuse_excess(move.target, -holds[move.target], move.mass_kg)
        holds[move.source] -= move.mass_kg
        holds[move.target] += move.mass_kg
    group.public_id, group.on_day, group.posted_at, group.moves = new_public_id(), on_day, at, len(moves)
    session.add(group)
    session.flush()
    rows = [
        {
            "group_id": group.id,
            "line": line,
            "leg": move.leg,
            "source_id": accounts[move.source][0],
            "target_id": accounts[move.target][0],
            "mass_kg": move.mass_kg,
            "operation": move.operation,
        }
        for line, move in enumerate(moves, 1)
    ]
    session.execute(insert(MassMove), rows)
    return group


def _refuse_shortage(key: _Key, has_kg: int, wanted_kg: int) -> None:
    """Only what mass comes from may give more than it holds; the database would refuse without a reason."""
    _, _, waste_code, vintage, kind = key
    if has_kg < wanted_kg and kind not in (*SOURCES, *EITHER_WAY):
        has_t, wanted_t = format_tonnes(has_kg), format_tonnes(wanted_kg)
        zh = f"{waste_code} 的 {kind} 账户只有 {has_t} 吨，需要 {wanted_t} 吨"
        en = f"the account {kind} of {waste_code} holds {has_t} t, {wanted_t} t are wanted"
        facts = {"kind": kind, "waste_code": waste_code, "vintage": vintage}
        raise RuleBroken("not_enough_mass", zh, en, balance_kg=has_kg, wanted_kg=wanted_kg, **facts)


def _refuse_excess(key: _Key, given_kg: int, wanted_kg: int) -> None:
    """What mass comes from takes back at most what it gave; the database would refuse without a reason."""
    _, _, waste_code, vintage, kind = key
    if given_kg < wanted_kg and kind in SOURCES:
        given_t, wanted_t = format_tonnes(given_kg), format_tonnes(wanted_kg)
        zh = f"{waste_code} 的 {kind} 账户共记出 {given_t} 吨，不能退回 {wanted_t} 吨"
        en = f"the account {kind} of {waste_code} has given {given_t} t, {wanted_t} t cannot go back"
        facts = {"kind": kind, "waste_code": waste_code, "vintage": vintage}
        raise RuleBroken("more_than_given", zh, en, given_kg=given_kg, wanted_kg=wanted_kg, **facts)


def _locked(session: Session, moves: Iterable[_Move]) -> dict[_Key, tuple[int, int]]:
    """Open the accounts that are new and lock all, each in the order of keys; return key → (id, kg)."""
    keys = sorted({key for move in moves for key in (move.source, move.target)})
    found = session.execute(_ACCOUNTS, {"keys": keys}).all()
    known = {tuple(row[:-2]) for row in found}
    new = [
        dict(zip((column.key for column in _COLUMNS), key, strict=True), balance_kg=0)
        for key in keys
        if key not in known
    ]
    alone = session.get_bind().dialect.name == "sqlite"
    if new:
        dialect = sqlite if alone else postgresql
        session.execute(dialect.insert(MassAccount).on_conflict_do_nothing(), new)
    # SQLite has one writer: what it has read stands. Elsewhere all are locked together, in one order.
    if new or not alone:
        found = session.execute(_ACCOUNTS.with_for_update(), {"keys": keys}).all()
    return {tuple(key): (account, kg) for *key, account, kg in found}  # type: ignore[misc]  # a row is its key, then account and mass


_ACCOUNTS = (
    select(*_COLUMNS, MassAccount.id, MassAccount.balance_kg)
    .where(tuple_(*_COLUMNS).in_(bindparam("keys", expanding=True)))
    .order_by(*_COLUMNS)
)
