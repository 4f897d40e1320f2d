"""What holds for a whole case: the day, the period and what transport costs and emits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from circularity.catalogue import factors
from circularity.units import MISSING, UCNY_PER_KG_PER_CNY_PER_T, parse_scaled

MG_PER_KG_IN_KG_PER_T = 1000
"""1 kg per tonne is 1000 mg per kilogram."""


def reference(factor: str, scale: int) -> int:
    """Return the catalogue's newest value of a factor in stored units: a default, to be set by the user."""
    return parse_scaled(str(factors.get(factor, date.max).value), scale)


class InvalidCase(ValueError):
    """The tables contradict each other; a reader should have said so with file and row before."""


@dataclass(frozen=True)
class Parameters:
    """What holds for the whole case. Money in µCNY, so 450 µCNY per kg and km is 0.45 CNY per t and km.

    `as_of_day` is the day on which the rules are asked. `distance_m` of a pair is the WGS-84 geodesic times
    `detour_permille` / 1000. Defaults are reference values (circularity/catalogue), to be set by the user.
    """

    as_of_day: int
    period_from_day: int = MISSING
    period_to_day: int = MISSING
    transport_ucny_per_kg_km: int = reference("freight_truck_30t", UCNY_PER_KG_PER_CNY_PER_T)
    detour_permille: int = reference("detour", 1000)
    carbon_price_ucny_per_kg_co2e: int = 0
    emission_mg_per_kg_km: int = reference("emission_truck_diesel_30t", MG_PER_KG_IN_KG_PER_T)
    max_distance_m: int = MISSING
    only_lanes: bool = False

    def __post_init__(self) -> None:
        """Refuse values under which a plan would be meaningless."""
        date.fromordinal(self.as_of_day)
        for name in ("transport_ucny_per_kg_km", "carbon_price_ucny_per_kg_co2e", "emission_mg_per_kg_km"):
            if not 0 <= getattr(self, name) <= 10**9:
                raise InvalidCase(f"{name} must be between 0 and 10^9, not {getattr(self, name)}")
        if not 1000 <= self.detour_permille <= 10_000:
            raise InvalidCase(f"detour must be between 1 and 10, not {self.detour_permille / 1000}")
