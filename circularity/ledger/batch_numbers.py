"""Numbers of batches by the standard's pattern: a prefix per stage, the day, the serial of the day.

A number that a person gives is kept as given; these are the platform's, for batches without one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import count

from circularity.catalogue import operations

_STORING = {"generated": "HWCS", "stored": "HWRK", "taken_out": "HWCK"}
_USING = {"own": "HWZX", "entrusted": "HWWW"}


def prefix_of(stage: str, operation: str = "") -> str:
    """Return the prefix of a stage; use and disposal have their own."""
    if stage in _STORING:
        return _STORING[stage]
    return _USING[stage] + ("LY" if operations.get(operation).group == "utilisation" else "CZ")


class BatchNumbers:
    """Gives the next number of a prefix and day that none has: `taken` are those given already."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def next(self, prefix: str, day: date) -> str:
        """Return the next number of a prefix on a day."""
        start = f"{prefix}{day:%Y%m%d}"
        number = next(name for serial in count(1) if (name := f"{start}{serial:03d}") not in self._taken)
        self._taken.add(number)
        return number
