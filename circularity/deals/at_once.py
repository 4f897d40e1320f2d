"""How many of a process prepare a reservation at one facility at once; the others wait in their order."""

from __future__ import annotations

from threading import Lock
from weakref import WeakValueDictionary

from sqlalchemy import URL
from sqlalchemy.orm import Session

from circularity.turns import Turns, hold

AT_ONCE = 2
"""One asks the rules while another writes."""

_PATIENCE_S = 2.0
_TURNS: WeakValueDictionary[tuple[URL, int], Turns] = WeakValueDictionary()
_TURNS_LOCK = Lock()


def wait_for_place(session: Session, facility_id: int) -> None:
    """Wait until few enough of this process are at it at a facility, for as long as the transaction lasts.

    It decides nothing and is not waited for without end. But the rules are asked on a processor that whoever
    is waited for needs too: with 32 at once all of them waited longer. SQLite has one writer anyway.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        with _TURNS_LOCK:
            turns = _TURNS.setdefault((connection.engine.url, facility_id), Turns(AT_ONCE))
        hold(connection, turns, _PATIENCE_S)
