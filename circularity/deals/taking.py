"""Taking mass of limits: what is wanted of each, and the counters on which it is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, bindparam, case, func, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from circularity.columns import BIGINT
from circularity.deals.ceilings import KINDS, Ceiling
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


_TAKEN = Ceiling.reserved_kg + Ceiling.committed_kg

_COUNTERS = (
    select(Ceiling.id, Ceiling.kind, Ceiling.subject_id, Ceiling.year, _TAKEN.label("taken_kg"))
    .where(tuple_(Ceiling.kind, Ceiling.subject_id, Ceiling.year).in_(bindparam("limits", expanding=True)))
    .order_by(case({kind: place for place, kind in enumerate(KINDS)}, value=Ceiling.kind))
    .order_by(Ceiling.subject_id, Ceiling.year)
    .with_for_update()
)

_RAISE = (
    update(Ceiling)
    .where(Ceiling.id == bindparam("counter"))
    .where(_TAKEN + bindparam("wanted_kg", type_=BIGINT) <= bindparam("limit", type_=BIGINT))
    .values(
        limit_kg=bindparam("limit", type_=BIGINT),
        reserved_kg=Ceiling.reserved_kg + bindparam("wanted_kg", type_=BIGINT),
    )
)
"""The conditional UPDATE without which nothing is taken."""


def take_turn(session: Session, facility: Facility) -> None:
    """Wait until whoever came earlier to reserve at a facility is done, until this transaction ends too.

    The counters alone would do. But PostgreSQL lets go all who wait for a row when it changes, and whoever is
    quickest takes it: of 32 some waited ten times as long as others. SQLite has one writer at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(_TURN, {"facility": facility.id % 2**31})


_TURN = select(func.pg_advisory_xact_lock(_TURNS, bindparam("facility", type_=Integer)))


def take(session: Session, wanted: Sequence[Wanted]) -> list[int]:
    """Take mass of limits, all of it or nothing; return the keys of their counters.

    `wanted` is in the order in which limits are taken. Counters that nobody has needed yet are opened.
    Raises RuleBroken `full` for the first limit without room, before anything is taken.
    """
    counters = _counters(session, wanted)
    unopened = [each for each in wanted if each.key not in counters]
    if unopened:
        _open(session, unopened)
        counters = _counters(session, wanted)
    for each in wanted:
        left_kg = max(each.limit_kg - counters[each.key].taken_kg, 0)
        if each.mass_kg > left_kg:
            raise full(each.kind, each.public_id, each.year, left_kg=left_kg, wanted_kg=each.mass_kg)
    keys = [counters[each.key].id for each in wanted]
    raised = [
        {"counter": key, "wanted_kg": each.mass_kg, "limit": each.limit_kg}
        for key, each in zip(keys, wanted, strict=True)
    ]
    if raised and session.connection().execute(_RAISE, raised).rowcount != len(raised):
        raise RuntimeError("a counter has moved although it was locked")
    return keys


def _counters(session: Session, wanted: Sequence[Wanted]) -> dict[tuple[int, int, int], Any]:
    """Lock the counters that are open, one after the other in their order, and read them."""
    limits = [(each.kind, each.subject_id, each.year) for each in wanted]
    found = session.execute(_COUNTERS, {"limits": limits})
    return {place_of(row.kind, row.subject_id, row.year): row for row in found}


def _open(session: Session, wanted: Sequence[Wanted]) -> None:
    """Open counters, unless somebody else opens them just now."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
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
