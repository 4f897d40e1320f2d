"""What each event does to the mass ledger, as data: event → leg → (from kind, to kind); and what is posted.

The kinds are those of `circularity.ledger.mass`; nothing else moves mass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

POSTINGS: Mapping[str, Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "stock.opened": {"opening": ("opening", "on_site")},
        "stock.surveyed": {"found": ("variance", "on_site"), "missing": ("on_site", "variance")},
        "generation.carried": {"generated": ("generated", "on_site")},
        # `taken_back`: what was carried beyond what the month declares, where older stock had been there.
        "month.closed": {
            "generated": ("generated", "on_site"),
            "taken_back": ("on_site", "generated"),
            "own_utilised": ("on_site", "own_utilised"),
            "own_disposed": ("on_site", "own_disposed"),
            "entrusted_utilised": ("on_site", "off_platform_utilised"),
            "entrusted_disposed": ("on_site", "off_platform_disposed"),
            "discarded": ("on_site", "discarded"),
        },
        "transfer.submitted": {"reserved": ("on_site", "reserved")},
        "transfer.cancelled": {"freed": ("reserved", "on_site")},
        "transfer.picked_up": {"sent": ("reserved", "in_transit")},
        "sheet.sent": {"sent": ("on_site", "in_transit")},
        "transfer.returned": {
            "over": ("variance", "in_transit"),
            "returned": ("in_transit", "on_site"),
            "short": ("in_transit", "variance"),
        },
        # `over` comes first, so that what arrived above what was sent is there to be received.
        "receipt.accepted": {
            "over": ("variance", "in_transit"),
            "received": ("in_transit", "received"),
            "stored": ("in_transit", "on_site"),
            "short": ("in_transit", "variance"),
            "moisture": ("in_transit", "moisture_loss"),
        },
        "treatment.recorded": {
            "utilised": ("received", "utilised"),
            "disposed": ("received", "disposed"),
            "residue": ("received", "residue"),
            "loss": ("received", "process_loss"),
            "generated": ("generated", "on_site"),
        },
    }
)
"""Event → leg → (from kind, to kind)."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Mass that stays itself wherever it goes: its generator's site, its waste, its year of generation."""

    origin_site_id: int
    waste_code: str
    vintage: int


@dataclass(frozen=True, slots=True)
class Movement:
    """One leg of a posting: kg of a cell held by a site, and by `to_holder_site_id` after it (None: same)."""

    leg: str
    cell: Cell
    mass_kg: int
    holder_site_id: int
    to_holder_site_id: int | None = None
    operation: str = ""
