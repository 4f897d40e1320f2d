"""Column types that hold the same bytes on SQLite and PostgreSQL, and the CHECKs that bound them.

SQLite tables are STRICT, which allows only INTEGER and TEXT here: days are ISO texts, moments fixed-width ISO
texts in UTC (both sort as time does), truths are 0 and 1. PostgreSQL gets DATE, TIMESTAMPTZ and BOOLEAN.
NULL means "unknown" or "no bound" and stands only where that is a lawful answer.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Date, DateTime, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from circularity.units import MAX_MASS_KG

BIGINT = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit integer; on SQLite `INTEGER`, the only spelling that makes a primary key the row's own id."""

MAX_AMOUNT = 10**15
"""Bound on integers that are no mass: unit costs in µCNY/kg, millionths of an assay's unit."""

MAX_DISTANCE_M = 10**8


def new_public_id() -> str:
    """Return 128 random bits as 32 hexadecimal digits: the only id of a row that leaves the system."""
    return secrets.token_hex(16)


def between(column: str, minimum: int, maximum: int) -> CheckConstraint:
    """Bound an integer column; NULL, where the column allows it, passes."""
    return CheckConstraint(f"{column} BETWEEN {minimum} AND {maximum}", name=f"{column}_range")


def mass(column: str, minimum: int = 0) -> CheckConstraint:
    """Bound a column of kilograms."""
    return between(column, minimum, MAX_MASS_KG)


def amount(column: str) -> CheckConstraint:
    """Bound a column that may be negative: a price, a fee, a cost."""
    return between(column, -MAX_AMOUNT, MAX_AMOUNT)


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """Allow a text column only the listed words."""
    words = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({words})", name=f"{column}_word")


def ordered(start: str, end: str) -> CheckConstraint:
    """Refuse an interval that ends before it starts; an open end passes."""
    return CheckConstraint(f"{start} <= {end}", name=f"{start}_before_{end}")


class UtcTime(TypeDecorator[datetime]):
    """A moment, always aware and in UTC; a naive datetime is refused with ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use TEXT on SQLite."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Turn the moment to UTC."""
        if value is None:
            return None
        moment = utc(value)
        return moment.isoformat(timespec="microseconds") if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC."""
        if value is None:
            return None
        return utc(datetime.fromisoformat(value) if dialect.name == "sqlite" else value)


class CalendarDay(TypeDecorator[date]):
    """A calendar day in Asia/Shanghai."""

    impl = Date
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use TEXT on SQLite."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else Date())

    def process_bind_param(self, value: date | None, dialect: Dialect) -> Any:
        """Write the day; a datetime is refused because its day depends on a zone."""
        if isinstance(value, datetime):
            raise TypeError("a calendar day is wanted, not a moment")
        return value.isoformat() if value is not None and dialect.name == "sqlite" else value

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # noqa: ARG002 - the signature is the framework's
        """Return the day."""
        return _day_of if dialect.name == "sqlite" else None


class Truth(TypeDecorator[bool]):
    """True or false; 1 or 0 on SQLite."""

    impl = Boolean
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use INTEGER on SQLite."""
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else Boolean())

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> Any:
        """Write the truth."""
        return int(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> bool | None:  # noqa: ARG002 - the signature is the framework's
        """Return the truth."""
        return None if value is None else bool(value)


class Codes(TypeDecorator[tuple[str, ...]]):
    """A small set of codes as `;`-separated text, sorted, each once: equal sets are equal bytes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the signature is the framework's
        """Join the codes."""
        return None if value is None else ";".join(sorted(set(value)))

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # noqa: ARG002 - the signature is the framework's
        """Split the codes."""
        return _codes_of


# Columns of many rows repeat a few days and sets of codes: each is read once.


@lru_cache(maxsize=4096)
def _day_of(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


@lru_cache(maxsize=4096)
def _codes_of(text: str | None) -> tuple[str, ...]:
    return tuple(text.split(";")) if text else ()


class Facts(TypeDecorator[dict[str, Any]]):
    """Plain values as canonical JSON text; for what is kept to be shown, never for what is summed."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the signature is the framework's
        """Write canonical JSON."""
        return None if value is None else canonical_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> dict[str, Any]:  # noqa: ARG002 - the signature is the framework's
        """Read the JSON object."""
        return dict(json.loads(value)) if value else {}


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys and no spaces; NaN and infinities are refused with ValueError."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def utc(moment: datetime) -> datetime:
    """Return the moment in UTC; raises ValueError for a naive one, whose meaning nobody knows."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone is refused")
    return moment.astimezone(UTC)
