"""Writers of one SQLite file take turns in the order in which they come, as far as they are of one process.

SQLite lets waiting writers poll: who comes late may win again and again, who came first may wait until its
timeout. Of 32 writers some waited 30 s and were told `database is locked`, though each wrote for a moment.
Writers of other processes still poll, against one of this process instead of all.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, Engine, event

from circularity.turns import Turns, give_back_at_end, hold

_FILES: dict[Path, Turns] = {}
_FILES_LOCK = Lock()


def turns_of(file: str) -> Turns:
    """Return the turns of a database file, the same ones for every engine of this process."""
    with _FILES_LOCK:
        return _FILES.setdefault(Path(file).resolve(), Turns())


def take_turns(engine: Engine, file: str, writes: Callable[[Connection], bool]) -> None:
    """Make transactions that write wait for their turn before they begin, as long as SQLite would let them.

    Without a turn in time they begin all the same, and SQLite says that it is locked.
    """
    turns = turns_of(file)

    def wait(connection: Connection) -> None:
        if writes(connection):
            patience_ms = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
            hold(connection, turns, patience_ms / 1000)

    event.listen(engine, "begin", wait)
    give_back_at_end(engine)
