"""What others see of a mass that was not published: the power of ten it lies in."""

from __future__ import annotations

from dataclasses import dataclass

from circularity.units import KG_PER_T

LOWEST_T, HIGHEST_T = 100, 1_000_000


@dataclass(frozen=True, slots=True)
class Band:
    """A mass from `low_kg` to below `high_kg`; None = no end."""

    low_kg: int
    high_kg: int | None


def band_of(mass_kg: int) -> Band:
    """Return the band of a mass: below 100 t, then by powers of ten, then from 1,000,000 t."""
    low_t, high_t = 0, LOWEST_T
    while mass_kg >= high_t * KG_PER_T:
        if high_t == HIGHEST_T:
            return Band(HIGHEST_T * KG_PER_T, None)
        low_t, high_t = high_t, high_t * 10
    return Band(low_t * KG_PER_T, high_t * KG_PER_T)


def shown(mass_kg: int, visibility: str) -> int | Band:
    """Return the exact mass in kg when its owner published it, else its band."""
    return mass_kg if visibility == "public" else band_of(mass_kg)
