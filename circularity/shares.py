"""Splitting whole kilograms: shares add up to the whole, none exceeds what it is a share of."""

from __future__ import annotations

from collections.abc import Sequence


def split(mass_kg: int, weights: Sequence[int]) -> list[int]:
    """Split kg in proportion to weights, by largest remainder, the first of equal ones before the others.

    A share is never more than its weight as long as `mass_kg` is not more than their sum. Raises ValueError
    when there is mass and no weight.
    """
    whole = sum(weights)
    if not whole:
        if mass_kg:
            raise ValueError("there is nothing to split mass over")
        return [0] * len(weights)
    shares = [mass_kg * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda k: -(mass_kg * weights[k] % whole))
    for k in by_remainder[: mass_kg - sum(shares)]:
        shares[k] += 1
    return shares
