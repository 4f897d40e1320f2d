"""What a move of the mass ledger counts as in the rates: by its event and leg, its operation, and its age.

The operation is asked of the dated table of what counts as utilisation; a generator's word that it used its
waste does not make a landfill a use.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from circularity.catalogue import operations, utilisation
from circularity.catalogue.operations import UnknownOperation
from circularity.ledger.postings import POSTINGS

BASES = ("acceptance", "treatment")
"""When mass counts as used: when a utiliser accepts it (statistical), or when it is treated (strict)."""

Factors = tuple[tuple[str, int], ...]
"""Name of a sum and 1 or -1: how often a move's kg are added to it."""

_STOCKS = frozenset({"on_site", "reserved", "in_transit"})
_EVIDENCE = {
    "own_utilised": "own_use",
    "own_disposed": "own_use",
    "off_platform_utilised": "declared",
    "off_platform_disposed": "declared",
    "received": "receipts",
    "utilised": "receipts",
    "disposed": "receipts",
    "process_loss": "receipts",
}
"""Kind that mass ends in → what shows it."""

_UNSAID = {"own_utilised": "utilised", "off_platform_utilised": "utilised", "utilised": "utilised",
           "own_disposed": "disposed", "off_platform_disposed": "disposed", "disposed": "disposed",
           "received": "", "process_loss": ""}  # fmt: skip
"""What a kind means where no operation says more."""


@lru_cache(maxsize=65_536)
def factors_of(
    event: str, leg: str, operation: str, hazardous: bool, is_old: bool, on: date, basis: str
) -> Factors:
    """Return what a move adds to; `is_old`: generated before the year of the day `on`."""
    source, target = POSTINGS[event][leg]
    stocks = _STOCKS if basis == "acceptance" else _STOCKS | {"received"}
    found = [("generated_kg", (source == "generated") - (target == "generated"))]
    if not is_old:
        # Stock of this very year, found when the platform began, was generated this year.
        found.append(("generated_kg", int(source == "opening")))
        found.append(("stored_kg", (target in stocks) - (source in stocks)))
        found.append(("difference_kg", -int(source == "variance")))
    if source != "received" or basis == "treatment":  # what was received counted when it was accepted
        outcome = _outcome(target, operation, hazardous, on)
        found += [(name, 1) for name in _ended(target, outcome, is_old, basis)]
    return tuple((name, factor) for name, factor in found if factor)


def _ended(target: str, outcome: str, is_old: bool, basis: str) -> Iterator[str]:
    """Yield the sums of mass that is used, disposed of, or gone otherwise."""
    if target in _EVIDENCE and (target != "received" or basis == "acceptance"):
        if outcome:
            yield f"{outcome}_kg"
        if outcome and is_old:
            yield f"{outcome}_old_kg"
        if outcome == "utilised":
            yield f"{_EVIDENCE[target]}_kg"
        if not outcome and not is_old:
            yield "stored_kg" if target == "received" else "difference_kg"
    elif target == "discarded":
        yield "discarded_kg"
        if is_old:
            yield "discarded_old_kg"
    elif target == "residue" and not is_old:
        yield "residue_kg"
    elif target in ("variance", "moisture_loss") and not is_old:
        yield "difference_kg"


def _outcome(target: str, operation: str, hazardous: bool, on: date) -> str:
    """Return utilised, disposed or, for storage, "": by the operation on that day, else by the kind."""
    said = _UNSAID.get(target, "")
    try:
        if utilisation.counts(hazardous, operation, on):
            return "disposed" if said == "disposed" else "utilised"
        return "" if operations.get(operation).group == "storage" else "disposed"
    except UnknownOperation:
        return said
