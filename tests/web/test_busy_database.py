"""A database that is busy too long is told as such, 503 and when to come back, and nothing is half done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from api_world import World, world
from registry import AT, FLY_ASH
from sqlalchemy import create_engine, func, make_url, select
from sqlalchemy.exc import OperationalError

import circularity.database
import web.api.agreements as view
from circularity.database import reading
from circularity.deals.contract import Agreement
from web.errors import is_busy


@pytest.fixture
def trial(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A server that waits a tenth of a second for a lock."""
    monkeypatch.setattr(view, "now", lambda: AT)
    monkeypatch.setattr(circularity.database, "_BUSY_TIMEOUT_MS", 100)
    with world(database_url, api_write=True) as made:
        yield made


@contextmanager
def somebody_else_writes(url: str) -> Iterator[None]:
    """Hold what every writer needs, as another process would."""
    parsed = make_url(url)
    engine = create_engine(parsed)
    with closing(engine.raw_connection()) as connection:
        if parsed.get_backend_name() == "sqlite":
            connection.driver_connection.isolation_level = None  # type: ignore[union-attr]  # None fails the test
            connection.cursor().execute("BEGIN IMMEDIATE")
        else:
            connection.cursor().execute("LOCK TABLE agreements IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()
    engine.dispose()


def offer(served: World) -> dict[str, Any]:
    terms = {"mass_t": "60.5", "valid_from": "2026-09-01", "valid_to": "2026-12-31"}
    price = {"kind": "fixed", "cny_per_t": "-12.5"}
    return {
        "side": "generator",
        "site_id": served.ids["site_id"],
        "line_id": served.ids["line_id"],
        "waste_code": FLY_ASH,
        "operation": "C2",
        "terms": terms | {"price": price},
    }


def test_who_waits_in_vain_is_asked_to_come_back_and_the_same_request_then_goes_through(
    trial: World, database_url: str
) -> None:
    engine = trial.client.application.extensions["circularity.engine"]
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.exec_driver_sql(f'ALTER DATABASE "{engine.url.database}" SET lock_timeout = 100')
        engine.dispose()
    with reading(engine)() as session:
        before = session.scalar(select(func.count()).select_from(Agreement))
    with somebody_else_writes(database_url):
        answer = trial.client.post("/api/v1/agreements", json=offer(trial))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert answer.get_json()["type"].endswith("busy")
    with reading(engine)() as session:
        assert session.scalar(select(func.count()).select_from(Agreement)) == before
    assert trial.client.post("/api/v1/agreements", json=offer(trial)).status_code == 201


def test_what_is_wrong_with_the_database_itself_is_not_called_busy(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection, pytest.raises(Exception, match="nowhere") as broken:
        connection.exec_driver_sql("SELECT 1 FROM nowhere")
    engine.dispose()
    assert not is_busy(broken.value)
    assert not is_busy(OperationalError("SELECT 1", {}, Exception("no such table: nowhere")))
