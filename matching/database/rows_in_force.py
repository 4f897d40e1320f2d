"""The rows that hold from one run until another: how they are read, ended and begun, table by table.

Every statement is put together once: for the few rows of a small change that costs more than to run it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Insert,
    Result,
    Select,
    Update,
    bindparam,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session

from circularity.key_lists import among
from circularity.runs.stored import in_plan
from matching.database.run_rows import LAYOUTS, Key, Rows

_CHUNK = 5000


def read_in_force(session: Session, name: str) -> Rows:
    """Return the rows of a table that are in force."""
    table = LAYOUTS[name].model.__table__
    return _rows(name, session.execute(_chosen(name).where(table.c.until_run_id.is_(None))))


def read_plan(session: Session, name: str, run: int, outputs: Collection[int] | None = None) -> Rows:
    """Return the rows of a table that are in a run's plan, all of them or those of few outputs."""
    if outputs is None:
        return _rows(name, session.execute(_in_plan(name), {"run": run}))
    return _rows(name, session.execute(_of_outputs(name), {"run": run, "outputs": outputs}))


def end(session: Session, name: str, run: int, keys: Sequence[Key]) -> None:
    """Say that rows in force, by what names them in the layout, hold no longer since a run."""
    names = LAYOUTS[name].named_by
    named = [key for (key,) in keys] if len(names) == 1 else keys
    size = _CHUNK // len(names)
    for start in range(0, len(keys), size):
        session.execute(_ended(name), {"run": run, "named": named[start : start + size]})


def begin(session: Session, name: str, run: int, begun: Rows, more: Iterable[Mapping[str, Any]]) -> None:
    """Put rows in force with a run; `more` are other columns, one table of them for each row."""
    layout = LAYOUTS[name]
    names = (*layout.key, *layout.values)
    facts = {"run_id": run, "until_run_id": None}
    rows = [
        {**dict(zip(names, (*key, *values), strict=True)), **facts, **extra}
        for (key, values), extra in zip(begun.items(), more, strict=True)
    ]
    for start in range(0, len(rows), _CHUNK):
        session.execute(_begun(name), rows[start : start + _CHUNK])


def _rows(name: str, found: Result[Any]) -> Rows:
    width = len(LAYOUTS[name].key)
    return {row[:width]: row[width:] for row in found.all()}


@cache
def _chosen(name: str) -> Select[Any]:
    layout = LAYOUTS[name]
    return select(*(layout.model.__table__.c[column] for column in (*layout.key, *layout.values)))


@cache
def _in_plan(name: str) -> Select[Any]:
    return _chosen(name).where(in_plan(bindparam("run"), LAYOUTS[name].model.__table__.c))


@cache
def _of_outputs(name: str) -> Select[Any]:
    output_id = LAYOUTS[name].model.__table__.c.output_id
    return _in_plan(name).where(among(output_id, "outputs"))


@cache
def _ended(name: str) -> Update:
    layout = LAYOUTS[name]
    table = layout.model.__table__
    named: BindParameter[Any] = bindparam("named", expanding=True)
    until, columns = table.c.until_run_id, [table.c[column] for column in layout.named_by]
    # SQLite keeps no statistics here: asked for NULL it walks every row in force instead of looking up a few
    in_force = func.coalesce(until, 0) == 0 if layout.indexed else until.is_(None)
    chosen = columns[0].in_(named) if len(columns) == 1 else tuple_(*columns).in_(named)
    return update(table).where(chosen, in_force).values(until_run_id=bindparam("run"))


@cache
def _begun(name: str) -> Insert:
    # the table, not the model: these rows are no objects, and there may be very many
    return insert(LAYOUTS[name].model.__table__)
