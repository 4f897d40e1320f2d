"""Taking mass of one limit: what is wanted of it, and the conditional UPDATE that decides."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from circularity.columns import BIGINT
from circularity.deals.ceilings import KINDS, Ceiling
from circularity.deals.limits import full

UNSYNCHRONISED = {"synchronize_session": False}


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

_OF_ONE = ("kind", "subject_id", "year")

_RAISE = (
    update(Ceiling)
    .where(*(getattr(Ceiling, name) == bindparam(f"of_{name}") for name in _OF_ONE))
    .where(_TAKEN + bindparam("wanted_kg", type_=BIGINT) <= bindparam("limit", type_=BIGINT))
    .values(
        limit_kg=bindparam("limit", type_=BIGINT),
        reserved_kg=Ceiling.reserved_kg + bindparam("wanted_kg", type_=BIGINT),
    )
    .returning(Ceiling.id)
)
"""The conditional UPDATE by which alone it is decided whether there is room."""


def take(session: Session, wanted: Wanted) -> int:
    """Take mass of one limit, its counter opened where this is the first to need it; return its key.

    Raises RuleBroken `full`.
    """
    values = {"kind": wanted.kind, "subject_id": wanted.subject_id, "year": wanted.year}
    asked = {f"of_{name}": value for name, value in values.items()}
    asked |= {"wanted_kg": wanted.mass_kg, "limit": wanted.limit_kg}
    taken: int | None = session.scalar(_RAISE, asked, execution_options=UNSYNCHRONISED)
    if taken is not None:
        return taken
    # Not opened yet, or full, or opened by somebody else just now: then the answer may be another one.
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    opened = values | {"limit_kg": wanted.limit_kg, "reserved_kg": 0, "committed_kg": 0}
    session.execute(dialect.insert(Ceiling).values(opened).on_conflict_do_nothing())
    taken = session.scalar(_RAISE, asked, execution_options=UNSYNCHRONISED)
    if taken is None:
        taken_kg = session.scalar(select(_TAKEN).filter_by(**values)) or 0
        left_kg = max(wanted.limit_kg - taken_kg, 0)
        raise full(wanted.kind, wanted.public_id, wanted.year, left_kg=left_kg, wanted_kg=wanted.mass_kg)
    return taken
