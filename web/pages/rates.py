"""Planned rates as bars: how far own use, today's and later moves reach, and the target."""

from __future__ import annotations

from dataclasses import dataclass

from circularity.rates.planned import PlannedRate

SCALE = 1000
"""Width of a bar in its own units: permille of what was generated."""


@dataclass(frozen=True)
class RateBar:
    """A rate and the ends of its three parts on a scale to SCALE; `target_at` None without a target."""

    rate: PlannedRate
    own_to: int
    today_to: int
    later_to: int
    target_at: int | None


def bars_of(rate: PlannedRate, *, own: bool) -> RateBar:
    """Return where the parts of a rate end; all at 0 without generation. `own` tells own use apart."""
    own_kg = rate.balance.own_utilised_kg + rate.balance.elsewhere_kg if own else 0
    return RateBar(
        rate=rate,
        own_to=part_of(own_kg, rate.generated_kg),
        today_to=part_of(rate.utilised_today_kg, rate.generated_kg),
        later_to=part_of(rate.utilised_kg, rate.generated_kg),
        target_at=rate.target.rate_permille if rate.target else None,
    )


def part_of(mass_kg: int, whole_kg: int) -> int:
    """Return where a part of a whole ends on the scale, 0 without a whole."""
    return min(SCALE, mass_kg * SCALE // whole_kg) if whole_kg else 0
