"""Two at a facility prepare an acceptance at once, others of their process wait, and not without end."""

from __future__ import annotations

from threading import Thread

import pytest
from sqlalchemy import Engine

from circularity.database import writing
from circularity.deals import at_once
from circularity.deals.at_once import wait_for_place


@pytest.fixture(autouse=True)
def several_writers(engine: Engine) -> None:
    """Places are for databases that let several write at once."""
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")


def waiting_at(engine: Engine, facility_id: int) -> Thread:
    """Let somebody else wait for a place at a facility."""

    def wait() -> None:
        with writing(engine).begin() as session:
            wait_for_place(session, facility_id)

    thread = Thread(target=wait)
    thread.start()
    return thread


def test_the_third_waits_until_one_of_two_is_done(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_once, "_PATIENCE_S", 60.0)
    with writing(engine)() as first, writing(engine)() as second:
        wait_for_place(first, 7)
        wait_for_place(second, 7)
        third, elsewhere = waiting_at(engine, 7), waiting_at(engine, 8)
        elsewhere.join(30)
        assert not elsewhere.is_alive()
        third.join(0.2)
        assert third.is_alive()
        first.commit()
        third.join(30)
        assert not third.is_alive()


def test_whoever_waits_too_long_goes_on(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_once, "_PATIENCE_S", 0.05)
    with writing(engine)() as first, writing(engine)() as second:
        wait_for_place(first, 7)
        wait_for_place(second, 7)
        third = waiting_at(engine, 7)
        third.join(30)
        assert not third.is_alive()
