"""How a deal's mass travels: by truck, on daily sheets, by barge, belt or pipeline; in how many loads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circularity.catalogue.waste_types import is_hazardous
from circularity.units import KG_PER_T

TRUCK_KG = 31 * KG_PER_T
TANKER_KG = 24 * KG_PER_T
_ROUND_KG = 6 * KG_PER_T
_SHEET_KG, _BARGE_KG, _BELT_KG = 520 * KG_PER_T, 4_800 * KG_PER_T, 9_000 * KG_PER_T
_BY_TRUCK_KG, _ON_SHEETS_KG = 500 * KG_PER_T, 16_000 * KG_PER_T
_FULL_BARGE_KG = 60_000 * KG_PER_T
_MOST = 26
_NEARBY_M = 60_000


@dataclass(frozen=True, slots=True)
class Shipping:
    """One way of `trip`, `sheet`, `draught` (barges), `conveyor`, `pipeline`; `loads` of `load_kg` each."""

    way: str
    loads: int
    load_kg: int


@dataclass(frozen=True, slots=True)
class Freight:
    """What is to travel: kg of a waste over a distance in metres, None where unknown."""

    waste_code: str
    mass_kg: int
    distance_m: int | None


def natural_loads(freight: Freight) -> int:
    """Return in how many loads a deal would travel if the story had any length."""
    usual_kg = _usual_load_kg(freight)
    return max(min(-(-freight.mass_kg // usual_kg), _MOST), 1)


def shippings(freights: Sequence[Freight], loads: int) -> list[Shipping]:
    """Return how each freight travels, with about so many loads for all of them, at least one each.

    What fits on no truck or barge more is not sent: then a part of the mass stays where it arose.
    """
    natural = [natural_loads(freight) for freight in freights]
    total = max(sum(natural), 1)
    found = []
    for freight, count in zip(freights, natural, strict=True):
        scaled = max(count * loads // total, 1)
        way = way_of(freight)
        full_kg = {"trip": _truck_kg(freight), "draught": _FULL_BARGE_KG}.get(way, freight.mass_kg)
        found.append(Shipping(way, scaled, min(freight.mass_kg // scaled, full_kg)))
    return found


def collected(freight: Freight) -> Shipping:
    """Return the small loads that a collector fetches on its rounds."""
    loads = -(-freight.mass_kg // _ROUND_KG)
    return Shipping("trip", loads, freight.mass_kg // loads)


def way_of(freight: Freight) -> str:
    """Return the way that suits a freight."""
    if is_hazardous(freight.waste_code) or freight.mass_kg <= _BY_TRUCK_KG:
        return "trip"
    if freight.mass_kg <= _ON_SHEETS_KG:
        return "sheet"
    near = freight.distance_m is None or freight.distance_m < _NEARBY_M
    return "conveyor" if near else "draught"


def _usual_load_kg(freight: Freight) -> int:
    way = way_of(freight)
    if way == "trip":
        return _truck_kg(freight)
    return {"sheet": _SHEET_KG, "draught": _BARGE_KG, "conveyor": _BELT_KG}[way]


def _truck_kg(freight: Freight) -> int:
    return TANKER_KG if is_hazardous(freight.waste_code) else TRUCK_KG
