"""Reads the seed's tables: tonnes, CNY/t, kilometres and plain contents become the integers of its rows.

A column carries the unit that people use, its field the integer one: `generated_t` fills `generated_kg`.
Which conversion applies follows from the ending of the field's name alone.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from circularity.units import KG_PER_T, M_PER_KM, MICRO, UCNY_PER_KG_PER_CNY_PER_T, parse_scaled
from seed.parties import (
    ContractRow,
    Delta,
    EntitlementRow,
    Flow,
    GrantRow,
    LineRow,
    Party,
    Place,
    StockRow,
    Stream,
    WhitelistRow,
)

DATA = Path(__file__).parent / "data"

Row = TypeVar("Row")


def read_places() -> tuple[Place, ...]:
    """Return the real areas near which the fictional sites stand."""
    return _read(Place, "places")


def read_streams() -> tuple[Stream, ...]:
    """Return what is usual for each waste of a drawn Delta."""
    return _read(Stream, "streams")


def read_stocks() -> tuple[StockRow, ...]:
    """Return the stock of earlier years that generators survey when the told quarter begins."""
    return _read(StockRow, "stocks")


def read_contracts() -> tuple[ContractRow, ...]:
    """Return the deals that the parties make beside the run's proposals."""
    return _read(ContractRow, "contracts")


def read_delta() -> Delta:
    """Return the named Delta of `data/`."""
    return Delta(
        parties=_read(Party, "parties"),
        flows=_read(Flow, "flows"),
        entitlements=_read(EntitlementRow, "entitlements"),
        lines=_read(LineRow, "lines"),
        whitelist=_read(WhitelistRow, "whitelist"),
        grants=_read(GrantRow, "grants"),
    )


def _read(row_type: type[Row], name: str) -> tuple[Row, ...]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(_row(row_type, texts) for texts in csv.DictReader(file, strict=True))


def _row(row_type: type[Row], texts: Mapping[str, str]) -> Row:
    values: dict[str, Any] = {}
    for field in fields(row_type):  # type: ignore[arg-type]  # a row type is a dataclass
        column, convert = _conversion(field.name)
        values[field.name] = convert(texts[column])
    return row_type(**values)


def _conversion(name: str) -> tuple[str, Callable[[str], object]]:
    """Return the column that fills a field and how its text is read."""
    if name in _BY_NAME:
        return name, _BY_NAME[name]
    for ending, (column_ending, scale) in _BY_ENDING.items():
        if name.endswith(ending):
            return name.removesuffix(ending) + column_ending, _scaled(scale)
    return name, str


def _scaled(scale: int) -> Callable[[str], int | None]:
    return lambda text: parse_scaled(text, scale) if text else None


def _content(text: str) -> int:
    return parse_scaled(text, MICRO)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split(";")) if text else ()


def _contents(text: str) -> dict[str, int]:
    pairs = (entry.split("=", 1) for entry in _listed(text))
    return {name: _content(value) for name, value in pairs}


_BY_ENDING = {
    "_ucny_per_kg": ("_cny_per_t", UCNY_PER_KG_PER_CNY_PER_T),
    "_kg": ("_t", KG_PER_T),
    "_m": ("_km", M_PER_KM),
    "_days": ("_days", 1),
}

_BY_NAME: Mapping[str, Callable[[str], object]] = {
    "lots": int,
    "years_ago": int,
    "lat": float,
    "lon": float,
    "content_from": _content,
    "content_to": _content,
    "content_limit": _content,
    "operations": _listed,
    "senders": _listed,
    "allowed_operations": _listed,
    "accepted_origins": _listed,
    "assays": _contents,
    "limits_min": _contents,
    "limits_max": _contents,
}
