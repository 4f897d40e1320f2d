"""Whatever one thing is done to a copy of the audit chain, verification finds it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from databases import Databases
from hypothesis import given, settings
from hypothesis import strategies as st
from registry import Registry
from sqlalchemy import Connection, Engine, text

from circularity.audit import Anchor, verify_chain
from circularity.database import create_engine_for, writing

EVENTS = 8
TEXTS = (
    "moment", "actor_name", "actor_organisation", "actor_kind", "action", "subject_kind", "subject_id",
    "facts_json", "previous", "digest",
)  # fmt: skip
positions = st.integers(1, EVENTS)


class Copy:
    """A copy of a chain that anybody may write to, and the head of the original."""

    def __init__(self, engine: Engine, head: Anchor) -> None:
        self.engine, self.head = engine, head

    def faults_after(self, *statements: str, **values: object) -> tuple[str, ...]:
        """Run statements on the copy, verify it against the noted head, and undo everything."""
        with self.engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement), values)
            faults = self._faults(connection)
            connection.rollback()
            return faults

    def _faults(self, connection: Connection) -> tuple[str, ...]:
        with writing(self.engine)(bind=connection) as session:
            return verify_chain(session, self.head).faults


@pytest.fixture(scope="module")
def copy(databases: Databases) -> Iterator[Copy]:
    with databases.new() as url:
        engine = create_engine_for(url)
        with writing(engine).begin() as session:
            registry = Registry(session)
            for _ in range(EVENTS // 2):
                registry.site()
        of_table = " ON audit_events" if databases.name == "postgresql" else ""
        with engine.begin() as connection:
            for event in ("UPDATE", "DELETE"):
                connection.execute(text(f"DROP TRIGGER audit_events_refuse_{event}{of_table}"))
        with writing(engine)() as session:
            report = verify_chain(session)
        assert (report.head.events, report.faults) == (EVENTS, ())
        yield Copy(engine, report.head)
        engine.dispose()


def test_an_untouched_copy_is_whole(copy: Copy) -> None:
    assert copy.faults_after("SELECT 1") == ()


@settings(max_examples=150, deadline=None)
@given(
    position=positions, column=st.sampled_from(TEXTS), added=st.text("ab 1{}\"':+é", min_size=1, max_size=3)
)
def test_any_edit_of_any_text_is_found(copy: Copy, position: int, column: str, added: str) -> None:
    statement = f"UPDATE audit_events SET {column} = {column} || :added WHERE position = :position"  # noqa: S608 - the names are our own
    assert copy.faults_after(statement, position=position, added=added)


@settings(max_examples=150, deadline=None)
@given(position=positions, elsewhere=st.integers(1, 2**62))
def test_any_change_of_place_is_found(copy: Copy, position: int, elsewhere: int) -> None:
    if elsewhere <= EVENTS:
        elsewhere += EVENTS
    statement = "UPDATE audit_events SET position = :elsewhere WHERE position = :position"
    assert copy.faults_after(statement, position=position, elsewhere=elsewhere)


@settings(max_examples=150, deadline=None)
@given(position=positions)
def test_any_deletion_is_found_the_last_one_too(copy: Copy, position: int) -> None:
    assert copy.faults_after("DELETE FROM audit_events WHERE position = :position", position=position)


@settings(max_examples=150, deadline=None)
@given(first=positions)
def test_any_cut_at_the_end_is_found(copy: Copy, first: int) -> None:
    assert copy.faults_after("DELETE FROM audit_events WHERE position >= :first", first=first)


@settings(max_examples=150, deadline=None)
@given(one=positions, other=positions)
def test_any_two_events_in_each_others_place_are_found(copy: Copy, one: int, other: int) -> None:
    moves = [
        "UPDATE audit_events SET position = 1000 WHERE position = :one",
        "UPDATE audit_events SET position = :one WHERE position = :other",
        "UPDATE audit_events SET position = :other WHERE position = 1000",
    ]
    assert bool(copy.faults_after(*moves, one=one, other=other)) == (one != other)


@settings(max_examples=150, deadline=None)
@given(position=positions)
def test_an_event_copied_to_the_end_is_found(copy: Copy, position: int) -> None:
    columns = ", ".join(TEXTS[:-1])
    statement = (
        f"INSERT INTO audit_events (position, {columns}, digest) "  # noqa: S608 - the names are our own
        f"SELECT :place, {columns}, digest || 'x' FROM audit_events WHERE position = :position"
    )
    assert copy.faults_after(statement, position=position, place=EVENTS + 1)
