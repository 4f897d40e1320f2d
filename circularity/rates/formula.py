"""The one formula of all rates: sums of kilograms in, an exact quotient out.

Formula version 2, as in `circularity/NOTES.md`:

    utilisation = utilised / (generated + utilised from earlier years' stock)
    disposal    = disposed / (generated + disposed of from earlier years' stock)
    storage     = stored / generated
    plain ratio = utilised / generated, as some cities publish it; always labelled

No denominator: no rate. Never above 100 %, never below 0. Shown in 0.01 %, half away from zero; compared with
a target exactly. Reported rates feed it from the mass ledger, planned ones (version 3) from deals and a run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date

from circularity.catalogue import waste_types
from circularity.units import divide_half_up

FORMULA_VERSION = 2
SCOPES = ("general", "bulk")
FULL = 10_000
"""100 % in hundredths of a percent."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A part of a whole, kg."""

    part_kg: int
    whole_kg: int

    @property
    def hundredths(self) -> int | None:
        """Hundredths of a percent from 0 to 100 %; None where the whole is nothing."""
        if self.whole_kg <= 0:
            return None
        return min(divide_half_up(max(self.part_kg, 0) * FULL, self.whole_kg), FULL)

    def missing_kg(self, permille: int) -> int:
        """Return the kg that must join the part to reach a target, rounded up; 0 when it is reached."""
        return max(-(-permille * self.whole_kg // 1000) - self.part_kg, 0)


@dataclass(frozen=True, slots=True)
class Sums:
    """What became of waste in a period, kg; *old* is the part from earlier years' stock.

    `stored`, `residue` (became waste of another code) and `difference` (moisture, weighing, an end without a
    word for it) are those of the period's own year, so that generated = utilised + disposed + discarded, each
    less its old part, + stored + residue + difference. `receipts`, `own_use` and `declared` split utilised by
    evidence. `organisations` are the generators behind the figures, `shares` what each of them generated.
    """

    generated_kg: int = 0
    utilised_kg: int = 0
    utilised_old_kg: int = 0
    disposed_kg: int = 0
    disposed_old_kg: int = 0
    discarded_kg: int = 0
    discarded_old_kg: int = 0
    stored_kg: int = 0
    residue_kg: int = 0
    difference_kg: int = 0
    receipts_kg: int = 0
    own_use_kg: int = 0
    declared_kg: int = 0
    organisations: frozenset[int] = frozenset()
    shares: Mapping[int, int] = field(default_factory=dict, compare=False)

    @property
    def by_evidence(self) -> Mapping[str, int]:
        """Utilised kg by what shows it: signed receipts, the generator's own use, its declarations."""
        return {"receipts": self.receipts_kg, "own_use": self.own_use_kg, "declared": self.declared_kg}

    def __add__(self, other: Sums) -> Sums:
        masses = {name: getattr(self, name) + getattr(other, name) for name in MASSES}
        behind = self.organisations | other.organisations
        shares = {one: self.shares.get(one, 0) + other.shares.get(one, 0) for one in behind}
        return Sums(**masses, organisations=behind, shares=shares)


MASSES = tuple(mass.name for mass in fields(Sums) if mass.name.endswith("_kg"))
"""The masses of Sums by name."""


def utilisation_rate(sums: Sums) -> Rate:
    """Return the official rate of comprehensive utilisation."""
    return Rate(sums.utilised_kg, sums.generated_kg + sums.utilised_old_kg)


def disposal_rate(sums: Sums) -> Rate:
    """Return the official rate of disposal."""
    return Rate(sums.disposed_kg, sums.generated_kg + sums.disposed_old_kg)


def storage_rate(sums: Sums) -> Rate:
    """Return what is still stored of what was generated."""
    return Rate(sums.stored_kg, sums.generated_kg)


def plain_ratio(sums: Sums) -> Rate:
    """Return utilised over generated without the term for old stock; not the official rate."""
    return Rate(sums.utilised_kg, sums.generated_kg)


def in_scope(waste_code: str, scope: str, on: date) -> bool:
    """Return whether a waste counts in a scope on that day; hazardous waste counts in none."""
    waste = waste_types.find(waste_code, on)
    return not waste.hazardous and (waste.industrial if scope == "general" else waste.bulk)
