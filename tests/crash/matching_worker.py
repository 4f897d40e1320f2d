"""A worker process that tells of every statement it is about to execute, so that it can be ended at any."""

from __future__ import annotations

from datetime import timedelta
from multiprocessing.connection import Connection
from typing import Any

from sqlalchemy import event

from circularity.database import create_engine_for
from web.worker import perform

LEASE = timedelta(minutes=10)
"""Longer than any stop of the machine: only the test says when it is over."""

DONE = "done"


def work(url: str, job: str, tell: Connection) -> None:
    """Perform one job; `tell` gets each statement before it is executed, and DONE at the end."""
    engine = create_engine_for(url)

    def told(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        tell.send(statement)

    event.listen(engine, "before_cursor_execute", told)
    event.listen(engine, "commit", lambda _connection: tell.send("COMMIT"))
    perform(engine, job, LEASE)
    tell.send(DONE)
