"""The exemption list: for which stage, and under which condition, a hazardous waste is not managed as one.

An exemption covers its own stage only. Generation, storage and the manifest stay those of hazardous waste.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from circularity.catalogue.tables import Dated, provenance, read_table, split_list
from circularity.catalogue.waste_codes import EVERYTHING, kind_of

ANY_HAZARDOUS = "HW*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption(Dated):
    """One entry of the list, for one stage (transport, use or disposal).

    `waste_pattern` is a code, a category or `HW*`. `operations` are those that the stage covers, `*` = any.
    `number` is the one the edition prints. `provinces` are those between which the exemption is recognised
    across the border; inside one province it always holds. `point_to_point`: one named sender and one
    waste to one named user, under a plan of the province.
    """

    number: str
    waste_pattern: str
    operations: tuple[str, ...]
    stage: str
    condition_zh: str
    condition_en: str
    provinces: tuple[str, ...]
    point_to_point: bool

    def covers(self, code: str, operation: str) -> bool:
        """Return whether the entry speaks of this canonical code under this operation."""
        waste = self.waste_pattern in (ANY_HAZARDOUS, code, kind_of(code))
        return waste and (EVERYTHING in self.operations or operation in self.operations)


def find(code: str, operation: str, on: date) -> list[Exemption]:
    """Return the entries for a canonical hazardous code and an operation on that day; named wastes first."""
    if not kind_of(code).startswith("HW"):
        return []
    held = [entry for entry in _exemptions() if entry.holds(on) and entry.covers(code, operation)]
    return sorted(held, key=lambda entry: entry.waste_pattern == ANY_HAZARDOUS)


def all_exemptions() -> tuple[Exemption, ...]:
    """Return every entry of every edition kept here."""
    return _exemptions()


@cache
def _exemptions() -> tuple[Exemption, ...]:
    return tuple(
        Exemption(
            number=row["number"],
            waste_pattern=row["waste_pattern"],
            operations=split_list(row["operations"]),
            stage=row["stage"],
            condition_zh=row["condition_zh"],
            condition_en=row["condition_en"],
            provinces=split_list(row["provinces"]),
            point_to_point=row["point_to_point"] == "1",
            **provenance(row),
        )
        for row in read_table("exemptions")
    )
