"""Streams: groups of wastes that the same outlets take, with Chinese and English names for pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from circularity.catalogue.tables import Dated, provenance, read_table


class UnknownStream(ValueError):
    """A text names no stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream(Dated):
    """One stream of the platform; it has no standing in law."""

    code: str
    name_zh: str
    name_en: str


def get(code: str) -> Stream:
    """Return the stream of that code; raises UnknownStream."""
    try:
        return _streams()[code]
    except KeyError:
        raise UnknownStream(f"not a stream: {code!r}") from None


def all_streams() -> list[Stream]:
    """Return the streams in the order in which pages list them."""
    return list(_streams().values())


@cache
def _streams() -> Mapping[str, Stream]:
    return {
        row["code"]: Stream(
            code=row["code"], name_zh=row["name_zh"], name_en=row["name_en"], **provenance(row)
        )
        for row in read_table("streams")
    }
