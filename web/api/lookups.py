"""Rows by the id that left the system; a row that is not there is NotFound."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ExecutableOption

from circularity.database import Base
from circularity.errors import BadInput, InputProblem, NotFound

Row = TypeVar("Row", bound=Base)


def by_public_id(session: Session, model: type[Row], public_id: str, *options: ExecutableOption) -> Row:
    """Return the row of `model` with this public id, for an address; raises NotFound."""
    row = _find(session, model, public_id, *options)
    if row is None:
        raise NotFound("not_found", "未找到", "nothing is found at this address", id=public_id)
    return row


def named_in_body(session: Session, model: type[Row], field: str, public_id: str) -> Row:
    """Return the row that a field of a body names; raises BadInput, for the address itself was right."""
    row = _find(session, model, public_id)
    if row is None:
        zh, en = "没有这一标识", "nothing has this id"
        raise BadInput([InputProblem("body", None, field, "unknown_id", public_id[:80], zh, en)])
    return row


def _find(session: Session, model: type[Row], public_id: str, *options: Any) -> Row | None:
    return session.scalar(select(model).filter_by(public_id=public_id).options(*options))
