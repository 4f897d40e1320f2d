"""Operations: what may be done with waste, with group and rank in the hierarchy (1 best .. 8 worst).

R, D, C, Y and G codes are those of HJ 1033 annex F, which HJ 1259-2022 prescribes for hazardous waste; the
platform uses them for general waste too. `ZC` (贮存, storage) is the platform's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from circularity.catalogue.tables import Dated, provenance, read_table
from circularity.catalogue.waste_codes import spell


class UnknownOperation(ValueError):
    """A text is no operation code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Dated):
    """One operation; `group` is utilisation, disposal or storage, `rank` its place in the hierarchy."""

    code: str
    name_zh: str
    name_en: str
    group: str
    rank: int


def get(code: str) -> Operation:
    """Return the operation of `code` (any case, full-width accepted); raises UnknownOperation."""
    try:
        return _operations()[spell(code)]
    except KeyError:
        raise UnknownOperation(f"not an operation code: {code[:20]!r}") from None


def all_operations(on: date) -> list[Operation]:
    """Return the operations known on that day, best rank first, then by code."""
    held = (operation for operation in _operations().values() if operation.holds(on))
    return sorted(held, key=lambda operation: (operation.rank, operation.code))


@cache
def _operations() -> Mapping[str, Operation]:
    return {
        row["code"]: Operation(
            code=row["code"],
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            group=row["group"],
            rank=int(row["rank"]),
            **provenance(row),
        )
        for row in read_table("operations")
    }
