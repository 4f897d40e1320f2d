"""Writers of one SQLite file come to write in the order in which they asked, and nobody keeps a turn."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from circularity.database import create_engine_for, reading, writing

MANY = 16


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    """Two engines on one file, as a server and its worker have in one process."""
    both = tuple(create_engine_for(f"sqlite:///{tmp_path / 'a.db'}") for _ in range(2))
    with writing(both[0]).begin() as session:
        session.execute(text("CREATE TABLE notes (who INTEGER NOT NULL)"))
    yield both[0], both[1]
    for engine in both:
        engine.dispose()


def test_who_asked_first_writes_first(engines: tuple[Engine, Engine]) -> None:
    def write(who: int) -> None:
        with writing(engines[who % 2]).begin() as session:
            session.execute(text("INSERT INTO notes VALUES (:who)"), {"who": who})

    threads = [Thread(target=write, args=(who,)) for who in range(MANY)]
    with writing(engines[0]).begin() as session:
        session.execute(text("INSERT INTO notes VALUES (-1)"))
        for thread in threads:
            thread.start()
            time.sleep(0.05)  # so that it is in line before the next one asks
    for thread in threads:
        thread.join()
    with reading(engines[0])() as session:
        told = session.scalars(text("SELECT who FROM notes ORDER BY rowid")).all()
    assert told == [-1, *range(MANY)]


@pytest.mark.parametrize("end", ["commit", "rollback", "close", "invalidate"])
def test_a_turn_ends_with_its_transaction_however_that_ends(engines: tuple[Engine, Engine], end: str) -> None:
    connection = engines[0].connect()
    connection.execute(text("INSERT INTO notes VALUES (1)"))
    getattr(connection, end)()
    began = time.monotonic()
    with writing(engines[1]).begin() as session:
        session.execute(text("INSERT INTO notes VALUES (2)"))
    assert time.monotonic() - began < 10  # a turn that is kept makes others wait for 30 s
    connection.close()


def test_a_connection_nobody_closed_gives_its_turn_back_when_it_is_forgotten(
    engines: tuple[Engine, Engine],
) -> None:
    session = writing(engines[0])()
    session.execute(text("INSERT INTO notes VALUES (1)"))
    del session
    gc.collect()  # a session is part of a circle
    began = time.monotonic()
    with writing(engines[1]).begin() as other:
        other.execute(text("INSERT INTO notes VALUES (2)"))
    assert time.monotonic() - began < 10


def test_who_waits_in_vain_is_told_and_keeps_nobody_waiting(engines: tuple[Engine, Engine]) -> None:
    with writing(engines[0]).begin() as session:
        session.execute(text("INSERT INTO notes VALUES (1)"))
        with engines[1].connect() as hasty:
            raw = hasty.connection.dbapi_connection
            assert raw is not None
            raw.cursor().execute("PRAGMA busy_timeout = 50")
            with pytest.raises(OperationalError, match="locked"):
                hasty.execute(text("INSERT INTO notes VALUES (2)"))
    with writing(engines[1]).begin() as session:
        assert session.scalar(text("SELECT count(*) FROM notes")) == 1


def test_a_reader_waits_for_no_turn(engines: tuple[Engine, Engine]) -> None:
    with writing(engines[0]).begin() as session:
        session.execute(text("INSERT INTO notes VALUES (1)"))
        with reading(engines[1])() as reader:
            assert reader.scalar(text("SELECT count(*) FROM notes")) == 0
