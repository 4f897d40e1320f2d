"""Quantities as integers inside, as tonnes, yuan and kilometres at the edge; the one rounding rule.

Mass is whole kilograms, distance whole metres, unit cost whole µCNY per kilogram (0.001 CNY/t). Excess
precision is refused, never rounded silently. Where a quotient is unavoidable, `divide_half_up` is the
only rounding: half away from zero.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation, localcontext
from typing import overload

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]

KG_PER_T = 1000
M_PER_KM = 1000
UCNY_PER_KG_PER_CNY_PER_T = 1000
UCNY_PER_CNY = 1_000_000
UCNY_PER_FEN = 10_000
FEN_PER_CNY = 100
MICRO = 1_000_000

MISSING = int(np.iinfo(np.int64).min)
"""Marks an absent value in an integer column; no quantity of ours can reach it."""

MAX_MASS_KG = 10**12
"""10^9 t, the bound on any single mass inside; about a quarter of China's yearly industrial solid waste."""


class NotAQuantity(ValueError):
    """A text is no number of the wanted kind; `rule` is one of not_a_number, too_precise, out_of_range."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


def parse_scaled(text: str, scale: int, *, minimum: int | None = None, maximum: int | None = None) -> int:
    """Return the decimal `text` times `scale` as an exact integer.

    Raises NotAQuantity: `not_a_number` (NaN, infinities, and commas, which mean thousands to some and
    decimals to others), `too_precise` when the product is no whole number, `out_of_range` outside
    minimum..maximum.
    """
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        raise NotAQuantity("not_a_number") from None
    if not value.is_finite():
        raise NotAQuantity("not_a_number")
    if value and (value.adjusted() > 30 or int(value.as_tuple().exponent) < -30):
        # beyond any quantity of ours; also keeps the exact product below from growing without bound
        raise NotAQuantity("out_of_range" if value.adjusted() > 30 else "too_precise")
    with localcontext(prec=100):
        scaled = value * scale
    if scaled != scaled.to_integral_value():
        raise NotAQuantity("too_precise")
    number = int(scaled)
    if (minimum is not None and number < minimum) or (maximum is not None and number > maximum):
        raise NotAQuantity("out_of_range")
    return number


def parse_tonnes(text: str) -> int:
    """Return tonnes as whole kilograms, from 0 to below 10^9 t; raises NotAQuantity."""
    return parse_scaled(text, KG_PER_T, minimum=0, maximum=MAX_MASS_KG - 1)


def format_scaled(value: int, scale: int) -> str:
    """Return `value / scale` (scale a power of ten) in plain decimals, without trailing zeros."""
    digits = len(str(scale)) - 1
    sign, magnitude = ("-", -value) if value < 0 else ("", value)
    whole, rest = divmod(int(magnitude), scale)
    tail = f"{rest:0{digits}d}".rstrip("0") if digits else ""
    return f"{sign}{whole}.{tail}" if tail else f"{sign}{whole}"


def format_tonnes(mass_kg: int) -> str:
    """Return kilograms as tonnes with at most three decimals."""
    return format_scaled(mass_kg, KG_PER_T)


def format_date(day: int) -> str:
    """Return a day ordinal as ISO date, an absent one as the empty string."""
    return "" if day == MISSING else date.fromordinal(day).isoformat()


@overload
def divide_half_up(numerator: int, denominator: int) -> int: ...
@overload
def divide_half_up(numerator: IntArray, denominator: int) -> IntArray: ...
def divide_half_up(numerator: int | IntArray, denominator: int) -> int | IntArray:
    """Return numerator / denominator rounded half away from zero; denominator > 0."""
    if isinstance(numerator, np.ndarray):
        magnitude = (np.abs(numerator) * 2 + denominator) // (2 * denominator)
        return np.where(numerator < 0, -magnitude, magnitude)
    magnitude_int = (abs(numerator) * 2 + denominator) // (2 * denominator)
    return -magnitude_int if numerator < 0 else magnitude_int
