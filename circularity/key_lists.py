"""Many keys bound as one value, so that a statement about a thousand of them is the statement about one.

A list of parameters as long as the keys has to be spelled out and read by the database at every question.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Dialect, Text, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class KeyList(TypeDecorator[Collection[int]]):
    """Integer keys: an array on PostgreSQL, a JSON list on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use an array where there are arrays."""
        return dialect.type_descriptor(ARRAY(BigInteger()) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Collection[int] | None, dialect: Dialect) -> Any:
        """Write the keys."""
        keys = list(value or ())
        return keys if dialect.name == "postgresql" else json.dumps(keys)


class _Listed(FunctionElement[int]):
    """The keys of a bound list as rows."""

    inherit_cache = True


def among(column: Any, parameter: str) -> ColumnElement[bool]:
    """Say that a column of integer keys is one of those that will be bound under a name."""
    keys = _Listed(bindparam(parameter, type_=KeyList()))
    return column.op("IN", is_comparison=True, return_type=Boolean())(keys)  # type: ignore[no-any-return]  # SQLAlchemy types op() as Any


@compiles(_Listed, "postgresql")
def _unnested(element: _Listed, compiler: SQLCompiler, **options: Any) -> str:
    return f"(SELECT unnest({compiler.process(element.clauses, **options)}))"


@compiles(_Listed, "sqlite")
def _of_json(element: _Listed, compiler: SQLCompiler, **options: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(element.clauses, **options)}))"  # noqa: S608 - a bound one
