"""Targets for utilisation rates: each with its region, its period and the document that sets it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache

from circularity.catalogue.tables import Dated, provenance, read_table

NATIONAL = "000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Dated):
    """A rate in permille to be reached by the end of a period (closed interval of days).

    `scope` is general (industrial solid waste) or bulk; `region_code` has six digits, 000000 = the nation.
    """

    scope: str
    region_code: str
    rate_permille: int
    period_from: date
    period_to: date
    document_zh: str
    document_en: str


def in_force(scope: str, region_code: str, on: date, known: Iterable[Target] | None = None) -> Target | None:
    """Return the target whose period holds that day; None once it is over and no next one is entered.

    `known` are all targets to choose from, by default those of the catalogue; so below.
    """
    held = (
        target
        for target in _targets_of(scope, region_code, known)
        if target.period_from <= on <= target.period_to
    )
    return max(held, key=lambda target: target.period_from, default=None)


def latest(scope: str, region_code: str, known: Iterable[Target] | None = None) -> Target | None:
    """Return the target whose period ends last, over or not; None where the region never had one."""
    return max(_targets_of(scope, region_code, known), key=lambda target: target.period_to, default=None)


def standing(
    scope: str, region_code: str, on: date, known: Iterable[Target] | None = None
) -> tuple[Target | None, bool]:
    """Return the target in force, or else the latest and True: its period is over and none follows."""
    held, last = in_force(scope, region_code, on, known), latest(scope, region_code, known)
    return (held or last), held is None and last is not None


def all_targets() -> tuple[Target, ...]:
    """Return every target of the catalogue."""
    return _targets()


def _targets_of(scope: str, region_code: str, known: Iterable[Target] | None) -> list[Target]:
    """Return the region's own targets; a two-digit province stands for its six digits."""
    code = region_code.strip().ljust(6, "0")
    return [
        target for target in (known or _targets()) if target.scope == scope and target.region_code == code
    ]


@cache
def _targets() -> tuple[Target, ...]:
    return tuple(
        Target(
            scope=row["scope"],
            region_code=row["region_code"],
            rate_permille=int(row["rate_permille"]),
            period_from=date.fromisoformat(row["period_from"]),
            period_to=date.fromisoformat(row["period_to"]),
            document_zh=row["document_zh"],
            document_en=row["document_en"],
            **provenance(row),
        )
        for row in read_table("targets")
    )
