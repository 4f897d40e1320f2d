"""No request writes without an audit event in the same transaction: watched at every commit of every test.

What tests write into a database themselves is not watched, only what is written while a request is answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import has_request_context, request
from sqlalchemy import Connection, Engine, event

NO_ACTS = frozenset(
    {
        "kept_answers",  # an answer that may be sent again
        "throttles",  # how often somebody guessed
        "one_time_links", "provider_attempts",  # what was begun; what it leads to has events
        "user_sessions", "api_tokens",  # that they are used; opening, making and ending them has events
    }
)  # fmt: skip
"""Tables in which a request notes what is no act of anybody."""

_WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)
_WRITTEN = "tests.written"


class UnauditedWrite(AssertionError):
    """A request was about to commit rows of which the audit chain says nothing."""


@contextmanager
def every_write_is_audited() -> Iterator[None]:
    """Refuse, for as long as the block runs, commits of requests that wrote and recorded no event."""
    listeners = (("before_cursor_execute", _note), ("commit", _check), ("rollback", _forget))
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners:
            event.remove(Engine, name, listener)


def _note(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
    if has_request_context() and (found := _WRITES.match(statement)):
        connection.info.setdefault(_WRITTEN, set()).add(found[1].lower())


def _check(connection: Connection) -> None:
    written = connection.info.pop(_WRITTEN, set())
    if written - NO_ACTS and "audit_events" not in written:
        raise UnauditedWrite(f"{request.method} {request.path} wrote {sorted(written)} without an event")


def _forget(connection: Connection) -> None:
    if not connection.invalidated:  # a broken connection took its notes with it
        connection.info.pop(_WRITTEN, None)
