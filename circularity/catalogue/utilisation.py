"""What counts as utilisation: a dated table over waste class, operation and the role of the waste in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from circularity.catalogue import operations
from circularity.catalogue.tables import Dated, closest, provenance, read_table

ROLES = ("raw_material", "mixture", "fuel", "destruction", "backfill")
"""Roles: it replaces a raw material · one part of a mixture · a fuel · is only destroyed · fills a void."""

_ANY_ROLE = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountingRule(Dated):
    """Whether one operation on one class of waste in one role (`*` = any other role) counts."""

    waste_class: str
    operation: str
    role: str
    counts: bool
    reason_zh: str
    reason_en: str


def counts(hazardous: bool, operation: str, on: date, role: str = "raw_material") -> bool:
    """Return whether the operation counts as utilisation on that day.

    Raises UnknownOperation for an unknown operation, ValueError for an unknown role.
    """
    return rule_for(hazardous, operation, on, role).counts


def rule_for(hazardous: bool, operation: str, on: date, role: str = "raw_material") -> CountingRule:
    """Return the row that decides; a row for the role goes before the row for any role."""
    if role not in ROLES:
        raise ValueError(f"not a role: {role!r}")
    code = operations.get(operation).code
    waste_class = "hazardous" if hazardous else "general"
    for wanted in (role, _ANY_ROLE):
        row = closest(_rules().get((waste_class, code, wanted), ()), on)
        if row is not None:
            return row
    raise operations.UnknownOperation(f"{code} says nothing about {waste_class} waste")


def changes(first: date, last: date) -> list[date]:
    """Return the days after `first`, up to `last`, on which a row of the table begins or has just ended."""
    days = {
        day
        for rows in _rules().values()
        for row in rows
        for day in (row.valid_from, row.valid_to and row.valid_to + timedelta(days=1))
        if day is not None and first < day <= last
    }
    return sorted(days)


@cache
def _rules() -> Mapping[tuple[str, str, str], tuple[CountingRule, ...]]:
    table: dict[tuple[str, str, str], tuple[CountingRule, ...]] = {}
    for row in read_table("utilisation"):
        rule = CountingRule(
            waste_class=row["waste_class"],
            operation=row["operation"],
            role=row["role"],
            counts=row["counts"] == "1",
            reason_zh=row["reason_zh"],
            reason_en=row["reason_en"],
            **provenance(row),
        )
        key = (rule.waste_class, rule.operation, rule.role)
        table[key] = (*table.get(key, ()), rule)
    return table
