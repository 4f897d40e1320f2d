"""Whether a database was written to: every row as a digest by table, and what statements wrote."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event, select

from circularity.database import Base, reading

_WRITES = ("INSERT", "UPDATE", "DELETE")


def content_of(engine: Engine) -> dict[str, str]:
    """Return the digest of all rows of each table, in the order of their keys."""
    found = {}
    with reading(engine)() as session:
        for table in Base.metadata.sorted_tables:
            rows = session.execute(select(table).order_by(*table.primary_key))
            found[table.name] = hashlib.sha256(repr(rows.all()).encode()).hexdigest()
    return found


@contextmanager
def written(engine: Engine) -> Iterator[list[str]]:
    """Give a list to which every statement that writes is added while the block runs."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().upper().startswith(_WRITES):
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)
