"""Marks in every confidential column of somebody's rows, to be looked for wherever others can look.

Which columns are confidential stands in `confidential.txt`, column by column. Texts are planted; numbers
stand as the verbs wrote them, and count as marks where they are long and nobody else has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import CheckConstraint, Column, Table, Text, select, tuple_, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from circularity.database import Base

KEYS = ("id", "public_id", "version")
WORD = "canary"
LONG = 4
"""Significant digits from which a number is one's own."""

Rows = Mapping[str, frozenset[tuple[Any, ...]]]
"""Table → keys of its rows."""


def classes() -> dict[str, dict[str, set[str]]]:
    """Return class → table → columns, as the file says."""
    found: dict[str, dict[str, set[str]]] = {"secret": {}, "public": {}}
    for line in (Path(__file__).parent / "confidential.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            head, _, columns = line.partition(":")
            word, table = head.split()
            found[word][table] = set(columns.split())
    return found


def to_be_classified(table: Table) -> set[str]:
    """Return the columns of a table that the file must name: all that are no keys."""
    return {column.name for column in table.columns if column.name not in KEYS and not column.foreign_keys}


def rows_of(session: Session) -> Rows:
    """Return the keys of all rows that there are."""
    session.flush()
    return {
        table.name: frozenset(tuple(row) for row in session.execute(select(*table.primary_key)))
        for table in Base.metadata.sorted_tables
    }


def plant(session: Session, before: Rows) -> set[str]:
    """Write a mark of its own into every confidential text of the rows that came since; return the marks.

    Columns with a closed list of words keep theirs, and so does what the database lets nobody change.
    """
    marks: set[str] = set()
    for table, columns in _secret_columns():
        for number, key in enumerate(sorted(rows_of_table(session, table) - before[table.name], key=str)):
            for column in filter(_is_free_text, columns):
                mark = f"{WORD}-{table.name}-{column.name}-{number}".replace("_", "-")
                if _write(session, table, key, {column.name: mark}):
                    marks.add(mark)
    session.expire_all()
    return marks


def numbers(session: Session, rows: Rows) -> set[str]:
    """Return the digits of the confidential numbers of some rows, without trailing zeros."""
    found: set[str] = set()
    for table, columns in _secret_columns():
        wanted = [column for column in columns if column.type.python_type is int]
        keys = tuple(table.primary_key)
        if wanted and rows[table.name]:
            chosen = select(*wanted).where(tuple_(*keys).in_(sorted(rows[table.name], key=str)))
            for values in session.execute(chosen):
                found |= {str(abs(value)).rstrip("0") for value in values if value}
    return {digits for digits in found if len(digits) >= LONG}


def since(session: Session, before: Rows) -> Rows:
    """Return the rows that came since."""
    return {name: keys - before[name] for name, keys in rows_of(session).items()}


def rows_of_table(session: Session, table: Table) -> frozenset[tuple[Any, ...]]:
    """Return the keys of the rows of one table."""
    return frozenset(tuple(row) for row in session.execute(select(*table.primary_key)))


def _secret_columns() -> Iterable[tuple[Table, list[Column[Any]]]]:
    for name, columns in sorted(classes()["secret"].items()):
        table = Base.metadata.tables[name]
        yield table, [table.c[column] for column in sorted(columns)]


def _is_free_text(column: Column[Any]) -> bool:
    checks = [str(rule.sqltext) for rule in column.table.constraints if isinstance(rule, CheckConstraint)]
    closed = any(re.search(rf"\b{column.name}\b", check) for check in checks)
    return type(column.type) is Text and not closed and "digest" not in column.name


def _write(session: Session, table: Table, key: tuple[Any, ...], values: dict[str, str]) -> bool:
    keys = [column == value for column, value in zip(table.primary_key, key, strict=True)]
    try:
        with session.begin_nested():
            session.execute(update(table).where(*keys).values(**values))
    except DBAPIError:  # a trigger: what is signed or booked stays
        return False
    return True
