"""Writers of one SQLite file take turns in the order in which they come, as far as they are of one process.

SQLite lets waiting writers poll: who comes late may win again and again, who came first may wait until its
timeout. Of 32 writers some waited 30 s and were told `database is locked`, though each wrote for a moment.
Writers of other processes still poll, against one of this process instead of all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from threading import Event, Lock
from typing import Any

from sqlalchemy import Connection, Engine, event

_TURN = "circularity_turn"
_FILES: dict[Path, Turns] = {}
_FILES_LOCK = Lock()


class Turns:
    """One turn, given to whoever has waited longest."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._taken = False
        self._waiting: deque[Event] = deque()

    def take(self, timeout_s: float) -> bool:
        """Wait for one's turn; False when it has not come in time."""
        with self._lock:
            if not self._taken:
                self._taken = True
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
        """Give the turn to the next in line."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False


def turns_of(file: str) -> Turns:
    """Return the turns of a database file, the same ones for every engine of this process."""
    with _FILES_LOCK:
        return _FILES.setdefault(Path(file).resolve(), Turns())


def take_turns(engine: Engine, file: str, writes: Callable[[Connection], bool]) -> None:
    """Make transactions that write wait for their turn before they begin, as long as SQLite would let them.

    Without a turn in time they begin all the same, and SQLite says that it is locked. The turn is given back
    when the transaction ends, or at last when its connection returns to the pool.
    """
    turns = turns_of(file)

    def wait(connection: Connection) -> None:
        if writes(connection) and not connection.info.get(_TURN):
            patience_ms = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
            connection.info[_TURN] = turns.take(patience_ms / 1000)

    def give(info: dict[Any, Any]) -> None:
        if info.pop(_TURN, False):
            turns.give()

    def end(connection: Connection) -> None:
        # A broken connection gave its turn back when it broke, and has nothing to ask any more.
        if not connection.invalidated:
            give(connection.info)

    event.listen(engine, "begin", wait)
    event.listen(engine, "commit", end)
    event.listen(engine, "rollback", end)
    event.listen(engine, "checkin", lambda _, record: give(record.info))
    event.listen(engine, "invalidate", lambda _, record, __: give(record.info))
