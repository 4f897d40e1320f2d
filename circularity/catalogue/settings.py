"""Numbers that a rule or the platform sets: each dated, with its unit and source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from circularity.catalogue.tables import Dated, closest, provenance, read_table


class UnknownSetting(ValueError):
    """No row of the catalogue has this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting(Dated):
    """One whole number in its unit."""

    name: str
    value: int
    unit: str
    note_zh: str
    note_en: str


def setting(name: str, on: date) -> Setting:
    """Return the setting as of a day; raises UnknownSetting."""
    row = closest((row for row in _settings() if row.name == name), on)
    if row is None:
        raise UnknownSetting(f"not a setting: {name!r}")
    return row


def all_settings() -> tuple[Setting, ...]:
    """Return every row, as the file holds them."""
    return _settings()


@cache
def _settings() -> tuple[Setting, ...]:
    return tuple(
        Setting(
            name=row["name"],
            value=int(row["value"]),
            unit=row["unit"],
            note_zh=row["note_zh"],
            note_en=row["note_en"],
            **provenance(row),
        )
        for row in read_table("settings")
    )
