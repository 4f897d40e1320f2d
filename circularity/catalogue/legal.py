"""Legal bases by key and day, so that an old verdict cites the law of its own day.

The Ecological and Environmental Code replaces the Solid Waste Law on 2026-08-15. Its article numbers could
not be read, so those rows say so instead of naming one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from circularity.catalogue.tables import Dated, closest, provenance, read_table


class UnknownLegalKey(ValueError):
    """No row of the catalogue has this key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalBasis(Dated):
    """The document and article that a rule stands on between two days."""

    key: str
    document_zh: str
    document_en: str
    article_zh: str
    article_en: str


def basis(key: str, on: date) -> LegalBasis:
    """Return the basis of `key` on that day; raises UnknownLegalKey."""
    row = closest(_bases().get(key, ()), on)
    if row is None:
        raise UnknownLegalKey(f"not a legal key: {key!r}")
    return row


def all_bases() -> dict[str, tuple[LegalBasis, ...]]:
    """Return every row by key, oldest first."""
    return dict(_bases())


@cache
def _bases() -> Mapping[str, tuple[LegalBasis, ...]]:
    table: dict[str, tuple[LegalBasis, ...]] = {}
    for row in read_table("legal"):
        entry = LegalBasis(
            key=row["key"],
            document_zh=row["document_zh"],
            document_en=row["document_en"],
            article_zh=row["article_zh"],
            article_en=row["article_en"],
            **provenance(row),
        )
        table[entry.key] = (*table.get(entry.key, ()), entry)
    return table
