"""Emission, freight and price factors: reference values with their unit, never law and never a quotation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from circularity.catalogue.tables import Dated, closest, provenance, read_table


class UnknownFactor(ValueError):
    """No row of the catalogue has this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor(Dated):
    """One number in its unit, with the range that sources give (`low` = `high` = `value` for a single one).

    Savings and incomes of the party named in the unit are positive.
    """

    name: str
    name_zh: str
    name_en: str
    value: Decimal
    low: Decimal
    high: Decimal
    unit: str


def get(name: str, on: date) -> Factor:
    """Return the factor of that name on that day; raises UnknownFactor."""
    row = closest(_factors().get(name, ()), on)
    if row is None:
        raise UnknownFactor(f"not a factor: {name!r}")
    return row


def all_factors(on: date) -> list[Factor]:
    """Return the factors that hold on that day, by name."""
    return sorted(
        (row for rows in _factors().values() for row in rows if row.holds(on)), key=lambda row: row.name
    )


@cache
def _factors() -> Mapping[str, tuple[Factor, ...]]:
    table: dict[str, tuple[Factor, ...]] = {}
    for row in read_table("factors"):
        factor = Factor(
            name=row["name"],
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            value=Decimal(row["value"]),
            low=Decimal(row["low"] or row["value"]),
            high=Decimal(row["high"] or row["value"]),
            unit=row["unit"],
            **provenance(row),
        )
        table[factor.name] = (*table.get(factor.name, ()), factor)
    return table
