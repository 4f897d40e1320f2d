"""Quantities of the API: decimals at the edge, whole numbers inside; excess precision is refused.

In a body a quantity is a JSON number or, safer with programs that compute in floats, a decimal text. In an
answer it is always a decimal text. The unit stands in the field's name.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, ClassVar

from marshmallow import ValidationError
from marshmallow.fields import Field

from circularity.columns import MAX_AMOUNT, MAX_DISTANCE_M
from circularity.units import (
    FEN_PER_CNY,
    KG_PER_T,
    M_PER_KM,
    MAX_MASS_KG,
    MICRO,
    UCNY_PER_KG_PER_CNY_PER_T,
    NotAQuantity,
    format_scaled,
    parse_scaled,
)

_PLAIN = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,16})?", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)

_SENTENCES = {
    "not_a_number": "Not a number; write digits with a point, such as 12.5.",
    "too_precise": "More decimals than are kept.",
    "out_of_range": "Out of range.",
}


class Quantity(Field[int]):
    """A decimal that is kept as a whole number of `1 / scale`, within `minimum` and `maximum` of those."""

    scale: ClassVar[int]
    minimum: ClassVar[int]
    maximum: ClassVar[int]

    def __init__(self, *, least: int | None = None, **options: Any) -> None:
        metadata = {"type": "string" if options.get("dump_only") else ["string", "number"]}
        metadata |= options.pop("metadata", {})
        super().__init__(metadata=metadata, **options)
        self.least = self.minimum if least is None else least

    def _serialize(self, value: int | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002 - the signature is the framework's
        return None if value is None else format_scaled(value, self.scale)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:  # noqa: ARG002 - the signature is the framework's
        if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
            raise ValidationError(_SENTENCES["not_a_number"])
        if isinstance(value, str) and not _PLAIN.fullmatch(value):
            raise ValidationError(_SENTENCES["not_a_number"])
        try:
            return parse_scaled(str(value), self.scale, minimum=self.least, maximum=self.maximum)
        except NotAQuantity as error:
            raise ValidationError(_SENTENCES[error.rule]) from error


class Tonnes(Quantity):
    """Mass in t with at most three decimals, kept in kg."""

    scale, minimum, maximum = KG_PER_T, 0, MAX_MASS_KG - 1


class SignedTonnes(Quantity):
    """Mass in t of either sign: what surveys found, what does not balance."""

    scale, minimum, maximum = Tonnes.scale, -Tonnes.maximum, Tonnes.maximum


class Kilometres(Quantity):
    """Distance in km with at most three decimals, kept in m."""

    scale, minimum, maximum = M_PER_KM, 0, MAX_DISTANCE_M


class CnyPerTonne(Quantity):
    """Unit price in CNY/t with at most three decimals, of either sign, kept in µCNY/kg."""

    scale, minimum, maximum = UCNY_PER_KG_PER_CNY_PER_T, -MAX_AMOUNT, MAX_AMOUNT


class Cny(Quantity):
    """Money in CNY with two decimals, of either sign, kept in fen."""

    scale, minimum, maximum = FEN_PER_CNY, -(10**18), 10**18


class Concentration(Quantity):
    """A measured value in the unit that its name carries, at most six decimals, kept in millionths."""

    scale, minimum, maximum = MICRO, -MAX_AMOUNT, MAX_AMOUNT


class Degrees(Quantity):
    """A coordinate in degrees, kept in 1e-7 degrees."""

    scale, minimum, maximum = 10**7, -180 * 10**7, 180 * 10**7


class Percent(Quantity):
    """A rate in percent, kept in hundredths of a percent."""

    scale, minimum, maximum = 100, 0, 100 * 100


class WholeNumber(Field[int]):
    """A whole number: a JSON integer, or plain digits in a query; never true, 1.0 or full-width digits."""

    def __init__(self, *, minimum: int, maximum: int, **options: Any) -> None:
        metadata = {"type": "integer", "minimum": minimum, "maximum": maximum}
        super().__init__(metadata=metadata | options.pop("metadata", {}), **options)
        self.minimum, self.maximum = minimum, maximum

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:  # noqa: ARG002 - the signature is the framework's
        in_query = isinstance(value, str) and not isinstance(data, dict) and _WHOLE.fullmatch(value)
        if isinstance(value, bool) or not (isinstance(value, int) or in_query):
            raise ValidationError("Not a whole number.")
        number = int(value)
        if not self.minimum <= number <= self.maximum:
            raise ValidationError(f"Out of range: from {self.minimum} to {self.maximum}.")
        return number
