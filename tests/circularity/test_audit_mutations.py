"""A thousand random mutations of a copy of a database: every one is found.

A copy is what somebody with the file, or with the rights of a database's owner, could do: triggers are
dropped first. Edits reach every column; rows are deleted, exchanged, moved, inserted; the tail is cut; and a
forger seals the rest of the chain anew, which only the head that was noted outside gives away.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from databases import Databases, SqliteDatabases
from registry import Registry
from sqlalchemy import text

from circularity.audit import Anchor, verify_chain
from circularity.columns import canonical_json
from circularity.database import create_engine_for, reading, writing

SEED = 20261122
SEALED = (
    "position", "moment", "actor_name", "actor_organisation", "actor_kind", "action", "subject_kind",
    "subject_id", "facts_json", "previous",
)  # fmt: skip
TEXTS = (*SEALED[1:], "digest")
Row = dict[str, Any]


def edit(rows: list[Row], by: random.Random) -> None:
    """Change, shorten or lengthen one text by one character."""
    row, column = by.choice(rows), by.choice(TEXTS)
    old = str(row[column])
    at = by.randrange(len(old) + 1)
    new = old[:at] + by.choice('01ab{}" 甲') + old[at + by.randrange(2) :]
    row[column] = new if new != old else old + "x"


def delete(rows: list[Row], by: random.Random) -> None:
    rows.remove(by.choice(rows))


def delete_and_close_up(rows: list[Row], by: random.Random) -> None:
    """Delete one and number the rest anew, so that no gap shows."""
    rows.remove(by.choice(rows))
    for position, row in enumerate(rows, 1):
        row["position"] = position


def exchange(rows: list[Row], by: random.Random) -> None:
    one, other = by.sample(rows, 2)
    one["position"], other["position"] = other["position"], one["position"]


def move(rows: list[Row], by: random.Random) -> None:
    by.choice(rows)["position"] = len(rows) + by.randrange(1, 10**6)


def cut(rows: list[Row], by: random.Random) -> None:
    del rows[by.randrange(len(rows)) :]


def insert(rows: list[Row], by: random.Random) -> None:
    """Add an event at the end that follows nothing."""
    made = {
        **by.choice(rows),
        "position": len(rows) + 1,
        "digest": hashlib.sha256(by.randbytes(8)).hexdigest(),
    }
    rows.append(made)


def seal_anew(rows: list[Row], by: random.Random) -> None:
    """Edit one event and seal it and all after it, as a forger who knows the code would."""
    at = by.randrange(len(rows))
    rows[at]["actor_name"] = f"{rows[at]['actor_name']}{by.randrange(10**6)}"
    previous = rows[at]["previous"]
    for row in rows[at:]:
        row["previous"] = previous
        sealed = canonical_json([row[name] for name in SEALED])
        previous = row["digest"] = hashlib.sha256(sealed.encode()).hexdigest()


MUTATIONS: tuple[Callable[[list[Row], random.Random], None], ...] = (
    edit, edit, edit, delete, delete_and_close_up, exchange, move, cut, insert, seal_anew,
)  # fmt: skip


def filled(url: str) -> Anchor:
    """Write some sixty acts and return the head."""
    engine = create_engine_for(url)
    with writing(engine).begin() as session:
        registry = Registry(session)
        for _ in range(6):
            registry.output()
            registry.window()
    with reading(engine)() as session:
        report = verify_chain(session)
    engine.dispose()
    assert report.faults == ()
    return report.head


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copied]:
    """A copy of a database's file without the triggers that refuse to rewrite the past."""
    folder = tmp_path_factory.mktemp("copies")
    with SqliteDatabases(folder).new() as url:
        head = filled(url)
        copy = folder / "copy.db"
        shutil.copyfile(url.removeprefix("sqlite:///"), copy)
    raw = sqlite3.connect(copy, isolation_level=None)
    raw.row_factory = sqlite3.Row
    raw.execute("PRAGMA synchronous=OFF")
    for event in ("UPDATE", "DELETE"):
        raw.execute(f"DROP TRIGGER audit_events_refuse_{event}")
    rows = [dict(row) for row in raw.execute("SELECT * FROM audit_events ORDER BY position")]
    engine = create_engine_for(f"sqlite:///{copy}")
    yield Copied(raw, reading(engine), rows, head)
    engine.dispose()
    raw.close()


@dataclass
class Copied:
    """The copy's file, how to read it as the product does, its acts, and the head of the original."""

    raw: sqlite3.Connection
    sessions: Any
    rows: list[Row]
    head: Anchor

    def faults_of(self, rows: list[Row], anchor: Anchor | None) -> tuple[str, ...]:
        """Put a chain in the place of the one that is there, and verify it."""
        self.raw.execute("BEGIN")
        self.raw.execute("DELETE FROM audit_events")
        self.raw.executemany(_INSERT, rows)
        self.raw.execute("COMMIT")
        with self.sessions() as session:
            return tuple(verify_chain(session, anchor).faults)


COLUMNS = (*SEALED, "digest")
_INSERT = "INSERT INTO audit_events ({}) VALUES ({})".format(  # noqa: S608 - our own column names
    ", ".join(COLUMNS), ", ".join(f":{column}" for column in COLUMNS)
)


def test_a_thousand_random_mutations_of_a_copied_file_are_all_found(copied: Copied) -> None:
    assert copied.faults_of(copied.rows, copied.head) == ()
    by, missed = random.Random(SEED), []
    for number in range(1_000):
        mutation = MUTATIONS[number % len(MUTATIONS)]
        changed = [dict(row) for row in copied.rows]
        mutation(changed, by)
        if not copied.faults_of(changed, copied.head):
            missed.append((number, mutation.__name__))
    assert missed == []


def test_a_chain_sealed_anew_is_given_away_by_the_noted_head_alone(copied: Copied) -> None:
    forged = [dict(row) for row in copied.rows]
    seal_anew(forged, random.Random(SEED))
    assert copied.faults_of(forged, None) == ()
    assert copied.faults_of(forged, copied.head) == (
        "the chain does not contain the head that was noted outside the database",
    )


def test_random_mutations_within_a_database_are_all_found(databases: Databases) -> None:
    of_table = " ON audit_events" if databases.name == "postgresql" else ""
    by = random.Random(SEED)
    with databases.new() as url:
        head = filled(url)
        engine = create_engine_for(url)
        with engine.begin() as connection:
            for event in ("UPDATE", "DELETE"):
                connection.execute(text(f"DROP TRIGGER audit_events_refuse_{event}{of_table}"))
            found = connection.execute(text("SELECT * FROM audit_events ORDER BY position")).mappings()
            rows = [dict(row) for row in found]
        for number in range(40):
            changed = [dict(row) for row in rows]
            MUTATIONS[number % len(MUTATIONS)](changed, by)
            with engine.connect() as connection:
                connection.execute(text("DELETE FROM audit_events"))
                if changed:
                    connection.execute(text(_INSERT), changed)
                with writing(engine)(bind=connection) as session:
                    assert verify_chain(session, head).faults, (number, MUTATIONS[number % len(MUTATIONS)])
                connection.rollback()
        engine.dispose()
