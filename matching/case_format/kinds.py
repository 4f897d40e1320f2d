"""What a column of a case is: its kind, the numbers and words that a kind allows, its sheet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from circularity.units import KG_PER_T, M_PER_KM, MAX_MASS_KG, MICRO, UCNY_PER_KG_PER_CNY_PER_T

E7 = 10**7
_ANALYTE = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)

NumberKind = Literal[
    "mass", "distance", "money", "latitude", "longitude", "days", "analyte", "factor", "detour"
]
TextKind = Literal[
    "id", "text", "code", "pattern", "operation", "operations", "region", "regions", "entitlement", "standing"
]
Kind = NumberKind | TextKind | Literal["status", "day", "flag", "names"]


@dataclass(frozen=True, slots=True)
class NumberRule:
    """An edge number is an exact integer of `scale` parts per unit, from `minimum` to `maximum` parts."""

    scale: int
    minimum: int
    maximum: int


NUMBERS: Mapping[str, NumberRule] = {
    "mass": NumberRule(KG_PER_T, 0, MAX_MASS_KG - 1),
    "distance": NumberRule(M_PER_KM, 0, 10**8),
    "money": NumberRule(UCNY_PER_KG_PER_CNY_PER_T, -(10**9), 10**9),
    # A latitude beyond 90 gets through here, so that swapped coordinates are called swapped.
    "latitude": NumberRule(E7, -180 * E7, 180 * E7),
    "longitude": NumberRule(E7, -180 * E7, 180 * E7),
    "days": NumberRule(1, 0, 3650),
    "analyte": NumberRule(MICRO, -(10**18), 10**18),
    "factor": NumberRule(1000, 0, 10**9),
    "detour": NumberRule(1000, 1000, 10_000),
}

ENTITLEMENT_KINDS = (
    "",
    "hazardous_licence",
    "collection_licence",
    "point_to_point_scheme",
    "stage_exemption",
    "eia_approval",
    "discharge_permit",
    "capability_statement",
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its header, the field it fills, its kind, and the headers people write instead."""

    name: str
    field: str
    kind: Kind
    aliases: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet. `analytes` maps a header prefix to the mapping field that its columns fill."""

    name: str
    columns: tuple[Column, ...]
    aliases: tuple[str, ...] = ()
    analytes: Mapping[str, str] = field(default_factory=dict)

    def column(self, name: str) -> Column | None:
        """Return the column with this header, analyte columns included; None when unknown."""
        for column in self.columns:
            if column.name == name:
                return column
        for prefix, target in self.analytes.items():
            if name.startswith(prefix) and _ANALYTE.fullmatch(name.removeprefix(prefix)):
                return Column(name, f"{target}.{name.removeprefix(prefix)}", "analyte")
        return None
