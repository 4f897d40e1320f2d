"""The queue: it tells workers at once that a job waits, and carries nothing but the job's id.

What a queue loses, a worker finds in the job rows; so it needs no durability, and a lost one costs seconds.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from flask import current_app
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey
from huey.registry import Message
from huey.serializer import Serializer
from sqlalchemy import event, make_url
from sqlalchemy.orm import Session

from web.config import Config

log = logging.getLogger(__name__)


class JsonSerializer(Serializer):  # type: ignore[misc]  # huey has no types
    """Messages as JSON: whoever can write to the queue can name an id, and run nothing."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps(list(data)).encode()

    def _deserialize(self, data: bytes) -> Any:
        return Message(*json.loads(data))


def queue_url(database: str, configured: str = "") -> str:
    """Return where the queue is: where the operator says, else beside the database or inside it."""
    parsed = make_url(database)
    if configured or parsed.get_backend_name() != "sqlite":
        return configured or database
    return f"sqlite:///{Path(str(parsed.database)).with_suffix('.queue.db')}"


def open_queue(url: str) -> Huey:
    """Return the queue at `sqlite:///file`, `postgresql://…` or `redis://…`; close its `storage`."""
    options: dict[str, Any] = {"results": False, "serializer": JsonSerializer()}
    if url.startswith("redis"):
        return RedisHuey("circularity", url=url, **options)
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return SqliteHuey("circularity", filename=parsed.database, **options)
    from psycopg import IntegrityError  # noqa: PLC0415 - an optional extra, loaded only where it is used

    dsn = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        return PostgresHuey("circularity", dsn=dsn, table_prefix="queue", **options)
    except IntegrityError:
        # two processes that open a new queue at once both create its tables; the second finds them made
        return PostgresHuey("circularity", dsn=dsn, table_prefix="queue", **options)


def sender(queue: Huey, perform: Callable[[str], None]) -> Callable[[str], Any]:
    """Register the queue's one task, alike on both ends; return what puts an id into the queue."""

    def job(public_id: str) -> None:
        perform(public_id)

    announce: Callable[[str], Any] = queue.task()(job)
    return announce


def send(url: str, public_id: str) -> None:
    """Tell the workers that a job waits; a queue that cannot be reached is logged and nothing worse."""
    try:
        queue = open_queue(url)
        try:
            sender(queue, _elsewhere)(public_id)
        finally:
            queue.storage.close()
    except Exception:
        log.exception("the queue cannot be reached; a worker will find job %s by itself", public_id)


def send_after_commit(session: Session, public_id: str) -> None:
    """Tell the workers once the transaction that asks for the job is there to be seen."""
    settings = cast(Config, current_app.extensions["circularity.config"])
    url = queue_url(settings.database_url, settings.queue_url)
    event.listen(session, "after_commit", lambda _: send(url, public_id), once=True)


def _elsewhere(public_id: str) -> None:
    raise NotImplementedError(f"job {public_id} is performed by a worker")
