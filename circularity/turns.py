"""Turns within a process: so many at once as there are places, the others in the order in which they came.

A turn belongs to the transaction of a connection and is given back when that ends, however it ends.
"""

from __future__ import annotations

from collections import deque
from threading import Event, Lock
from typing import Any

from sqlalchemy import Connection, Engine, event

_HELD = "circularity_turns"


class Turns:
    """Places that are given to whoever has waited longest."""

    def __init__(self, places: int = 1) -> None:
        self._lock = Lock()
        self._free = places
        self._waiting: deque[Event] = deque()

    def take(self, timeout_s: float) -> bool:
        """Wait for one's turn; False when it has not come in time."""
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            mine = Event()
            self._waiting.append(mine)
        if mine.wait(timeout_s):
            return True
        with self._lock:
            if mine.is_set():  # it came in the moment of giving up
                return True
            self._waiting.remove(mine)
            return False

    def give(self) -> None:
        """Give a turn to the next in line."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


def hold(connection: Connection, turns: Turns, patience_s: float) -> None:
    """Wait for a turn that lasts as long as the connection's transaction; without one in time, go on."""
    held: list[Turns] = connection.info.setdefault(_HELD, [])
    if turns not in held and turns.take(patience_s):
        held.append(turns)


def give_back_at_end(engine: Engine) -> None:
    """Let what connections of an engine hold go with their transactions, at last when they are returned."""

    def give(info: dict[Any, Any]) -> None:
        for turns in info.pop(_HELD, ()):
            turns.give()

    def end(connection: Connection) -> None:
        # A broken connection gave its turns back when it broke, and has nothing to ask any more.
        if not connection.invalidated:
            give(connection.info)

    event.listen(engine, "commit", end)
    event.listen(engine, "rollback", end)
    event.listen(engine, "checkin", lambda _, record: give(record.info))
    event.listen(engine, "invalidate", lambda _, record, __: give(record.info))
