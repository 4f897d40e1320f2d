"""What a transaction collects and writes only just before it commits, so that its lock is held for a moment.

Nothing collected is lost or written too much: a savepoint that is rolled back takes along what was collected
since it began, and who asks the session about such rows earlier gets them written first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import Table, event
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction
from sqlalchemy.sql.visitors import iterate

from circularity.database import Base

Thing = TypeVar("Thing")


class UntilCommit(Generic[Thing]):
    """Things that become rows of one model at the end of the transaction in which they are collected.

    `write(session, things)` gets all of them in order, when everything else has been flushed.
    """

    def __init__(self, model: type[Base], write: Callable[[Session, Sequence[Thing]], None]) -> None:
        self._model, self._write = model, write
        self._collected, self._marks = f"{model.__tablename__} collected", f"{model.__tablename__} marks"
        event.listen(Session, "before_commit", self._deliver)
        event.listen(Session, "after_transaction_create", self._mark)
        event.listen(Session, "after_commit", self._keep)
        event.listen(Session, "after_transaction_end", self._end)

    def collect(self, session: Session, thing: Thing) -> None:
        """Keep a thing until the session commits."""
        if self._collected not in session.info:
            session.info[self._collected] = []
            event.listen(session, "do_orm_execute", self._before_asked)
        if not session.in_transaction():  # so that it ends with the transaction, however that ends
            session.begin()
        session.info[self._collected].append(thing)

    def _deliver(self, session: Session) -> None:
        things: list[Thing] = session.info.get(self._collected, [])
        if things:
            # Rows are locked before what `write` locks: two writers never wait for each other in a circle.
            session.flush()
            self._write(session, tuple(things))
            things.clear()

    def _before_asked(self, asked: ORMExecuteState) -> None:
        if asked.session.info[self._collected] and self._is_read(asked.statement):
            self._deliver(asked.session)

    def _is_read(self, statement: Any) -> bool:
        tables = (part for part in iterate(statement) if isinstance(part, Table))
        return any(table.name == self._model.__tablename__ for table in tables)

    def _mark(self, session: Session, transaction: SessionTransaction) -> None:
        if transaction.nested:
            kept = tuple(session.info.get(self._collected, ()))
            session.info.setdefault(self._marks, {})[transaction] = kept

    def _keep(self, session: Session) -> None:
        savepoint = session.get_nested_transaction()
        if savepoint is not None:
            session.info[self._marks].pop(savepoint)

    def _end(self, session: Session, transaction: SessionTransaction) -> None:
        things: list[Thing] = session.info.get(self._collected, [])
        if transaction.parent is None:
            things.clear()
        elif transaction.nested and transaction in session.info[self._marks]:
            # Rolled back. What was collected before it and written within it is gone with it: it waits again.
            things[:] = session.info[self._marks].pop(transaction)
