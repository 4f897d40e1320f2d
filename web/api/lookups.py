"""Rows by the id that left the system; a row that is not there is NotFound."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ExecutableOption

from circularity.database import Base
from circularity.errors import BadInput, InputProblem, NotFound

Row = TypeVar("Row", bound=Base)


def by_public_id(
    session: Session,
    model: type[Row],
    public_id: str,
    *options: ExecutableOption,
    only: ColumnElement[bool] | None = None,
) -> Row:
    """Return the row of `model` with this public id, for an address, if `only` holds; raises NotFound."""
    wanted = select(model).filter_by(public_id=public_id).options(*options)
    row = session.scalar(wanted if only is None else wanted.where(only))
    if row is None:
        raise NotFound("not_found", "未找到", "nothing is found at this address", id=public_id)
    return row


def named_in_body(
    session: Session,
    model: type[Row],
    field: str,
    public_id: str,
    only: ColumnElement[bool] | None = None,
) -> Row:
    """Return the row that a field of a body names, if `only` holds.

    Raises BadInput, for the address itself was right.
    """
    wanted = select(model).filter_by(public_id=public_id)
    row = session.scalar(wanted if only is None else wanted.where(only))
    if row is None:
        zh, en = "没有这一标识", "nothing has this id"
        raise BadInput([InputProblem("body", None, field, "unknown_id", public_id[:80], zh, en)])
    return row
