"""The bounds of revision 0005, spelt here once more on purpose: a released migration must not change."""

from __future__ import annotations

from sqlalchemy import CheckConstraint


def between(column: str, minimum: int, maximum: int) -> CheckConstraint:
    return CheckConstraint(f"{column} BETWEEN {minimum} AND {maximum}", name=f"{column}_range")


def mass(column: str, minimum: int = 0) -> CheckConstraint:
    return between(column, minimum, 10**12)


def one_of(column: str, *words: str) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_word")
