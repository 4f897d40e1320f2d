"""Taking mass of limits: what is wanted of each, and the counters on which it is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Insert,
    Integer,
    Update,
    bindparam,
    case,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from circularity.columns import BIGINT, UtcTime
from circularity.deals.ceilings import KINDS, Ceiling, Hold
from circularity.deals.contract import Agreement
from circularity.deals.limits import full
from circularity.registry.entitlements import Facility

_TURNS = 0x5455524E
"""Space of the PostgreSQL advisory locks under which reservations at a facility take turns."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of one limit: the limit as its subject states it now, and the mass, both kg."""

    kind: str
    subject_id: int
    year: int
    limit_kg: int
    mass_kg: int
    public_id: str = ""

    @property
    def key(self) -> tuple[int, int, int]:
        """Its place in the order in which limits are taken."""
        return place_of(self.kind, self.subject_id, self.year)


def place_of(kind: str, subject_id: int, year: int) -> tuple[int, int, int]:
    """Return the place of a limit in the order in which limits are taken."""
    return KINDS.index(kind), subject_id, year


def take(
    session: Session,
    agreement: Agreement,
    wanted: Sequence[Wanted],
    expires_at: datetime | None,
    *,
    turn: Facility | None = None,
) -> None:
    """Reserve mass of limits for an agreement, all of it or nothing, and write down what it holds of each.

    `wanted` is in the order in which limits are taken. Counters that nobody has needed yet are opened. With a
    `turn`, whoever came earlier to reserve at that facility is waited for until his transaction ends.
    Raises RuleBroken `full` for the first limit without room, before anything is taken.
    """
    session.flush()
    counters = _counters(session, wanted, turn)
    unopened = [each for each in wanted if each.key not in counters]
    if unopened:
        _open(session, unopened)
        counters = _counters(session, wanted, turn)
    for each in wanted:
        left_kg = max(each.limit_kg - counters[each.key].taken_kg, 0)
        if each.mass_kg > left_kg:
            raise full(each.kind, each.public_id, each.year, left_kg=left_kg, wanted_kg=each.mass_kg)
    held = {"agreement": agreement.id, "expires_at": expires_at}
    keys = [counters[each.key].id for each in wanted]
    if _raised(session, held, keys, wanted) != len(wanted):
        raise RuntimeError("a counter has moved although it was locked")


def _counters(
    session: Session, wanted: Sequence[Wanted], turn: Facility | None
) -> dict[tuple[int, int, int], Any]:
    """Lock the counters that are open, one after the other in their order, and read them."""
    asked: dict[str, Any] = {"limits": [(each.kind, each.subject_id, each.year) for each in wanted]}
    locked = _LOCKED
    if turn is not None and _on_postgresql(session):
        locked, asked["facility"] = _LOCKED_IN_TURN, turn.id % 2**31
    found = session.connection().execute(locked, asked)
    return {place_of(row.kind, row.subject_id, row.year): row for row in found}


_TAKEN = Ceiling.reserved_kg + Ceiling.committed_kg

_LOCKED = (
    select(Ceiling.id, Ceiling.kind, Ceiling.subject_id, Ceiling.year, _TAKEN.label("taken_kg"))
    .where(tuple_(Ceiling.kind, Ceiling.subject_id, Ceiling.year).in_(bindparam("limits", expanding=True)))
    .order_by(case({kind: place for place, kind in enumerate(KINDS)}, value=Ceiling.kind))
    .order_by(Ceiling.subject_id, Ceiling.year)
    .with_for_update()
)
_LOCKED_IN_TURN = _LOCKED.where(
    select(func.pg_advisory_xact_lock(_TURNS, bindparam("facility", type_=Integer)))
    .scalar_subquery()
    .is_not(None)
)
"""The counters alone would do. But PostgreSQL lets go all who wait for a row when it changes, and whoever is
quickest takes it: of 32 some waited ten times as long as others. The turn comes first, as it hangs on no row;
what has changed meanwhile is seen, as locking reads a row as it then is. SQLite has one writer anyway."""


def _open(session: Session, wanted: Sequence[Wanted]) -> None:
    """Open counters, unless somebody else opens them just now."""
    dialect = postgresql if _on_postgresql(session) else sqlite
    opened = [
        {
            "kind": each.kind,
            "subject_id": each.subject_id,
            "year": each.year,
            "limit_kg": each.limit_kg,
            "reserved_kg": 0,
            "committed_kg": 0,
        }
        for each in wanted
    ]
    session.connection().execute(dialect.insert(Ceiling).on_conflict_do_nothing(), opened)


def _raised(session: Session, held: dict[str, Any], keys: Sequence[int], wanted: Sequence[Wanted]) -> int:
    """Raise the counters and write the holds; return how many there was room for."""
    if not wanted:
        return 0
    if _on_postgresql(session):
        limits, masses = [each.limit_kg for each in wanted], [each.mass_kg for each in wanted]
        asked = held | {"counters": keys, "limits": limits, "masses": masses}
        return session.connection().execute(_RAISE_AND_HOLD, asked).rowcount
    rows = [
        held | {"counter": key, "limit": each.limit_kg, "mass": each.mass_kg}
        for key, each in zip(keys, wanted, strict=True)
    ]
    raised = session.connection().execute(_RAISE, rows).rowcount
    session.connection().execute(_HOLD, rows)
    return raised


def _on_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _raise(limit: ColumnElement[int], mass: ColumnElement[int]) -> Update:
    """Return the conditional UPDATE without which nothing is taken."""
    return (
        update(Ceiling)
        .where(_TAKEN + mass <= limit)
        .values(limit_kg=limit, reserved_kg=Ceiling.reserved_kg + mass)
    )


_MASS, _AGREEMENT = bindparam("mass", type_=BIGINT), bindparam("agreement", type_=BIGINT)
_EXPIRES_AT = bindparam("expires_at", type_=UtcTime())
_RAISE = _raise(bindparam("limit", type_=BIGINT), _MASS).where(Ceiling.id == bindparam("counter"))
_HOLD = insert(Hold).values(
    agreement_id=_AGREEMENT,
    ceiling_id=bindparam("counter"),
    mass_kg=_MASS,
    status="reserved",
    expires_at=_EXPIRES_AT,
)


def _raise_and_hold() -> Insert:
    """Return both for all limits as one statement, as others wait for this transaction to end."""
    columns = [bindparam(name, type_=ARRAY(BIGINT)) for name in ("counters", "limits", "masses")]
    each = func.unnest(*columns).table_valued("counter", "limit", "mass", name="wanted").render_derived()
    by_key = _raise(each.c.limit, each.c.mass).where(Ceiling.id == each.c.counter)
    raised = by_key.returning(Ceiling.id, each.c.mass).cte("raised")
    rows = select(_AGREEMENT, raised.c.id, raised.c.mass, literal("reserved"), _EXPIRES_AT)
    held = insert(Hold).from_select(["agreement_id", "ceiling_id", "mass_kg", "status", "expires_at"], rows)
    return held.execution_options(preserve_rowcount=True)


_RAISE_AND_HOLD = _raise_and_hold()
