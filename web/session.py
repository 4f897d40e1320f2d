"""One reading session per request: a page shows one state of the database and blocks no writer.

What may receive waste is held in process for all requests, and checked against the session of each.
"""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app, g
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from circularity.database import reading
from matching.database.snapshot_live import LiveReceivers


def register_sessions(app: Flask, engine: Engine) -> None:
    """Keep the engine with the application and close each request's session at its end."""
    app.extensions["circularity.engine"] = engine
    app.extensions["circularity.reading"] = reading(engine)
    app.extensions["circularity.receivers"] = LiveReceivers()
    app.teardown_appcontext(_close)


def engine() -> Engine:
    """Return the application's engine, for verbs that open their own sessions."""
    return cast(Engine, current_app.extensions["circularity.engine"])


def live_receivers() -> LiveReceivers:
    """Return the receivers that this process holds."""
    return cast(LiveReceivers, current_app.extensions["circularity.receivers"])


def read_session() -> Session:
    """Return this request's reading session, opened at its first use."""
    if "read_session" not in g:
        maker = cast("sessionmaker[Session]", current_app.extensions["circularity.reading"])
        g.read_session = maker()
    return cast(Session, g.read_session)


def _close(_: BaseException | None) -> None:
    session = g.pop("read_session", None)
    if session is not None:
        session.close()
