"""The tables of a case: outputs, facilities, capacities, caps, lanes and proposals, column by column.

Absent integers are `MISSING`; absent texts are "". Columns of one table have one length.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import numpy.typing as npt

from circularity.units import MISSING, IntArray
from matching.geodesic import Directions, directions_of

TextArray = npt.NDArray[np.str_]

STANDINGS = ("", "suspended", "blacklisted", "accident")
STATUSES = ("waste", "by_product", "product")


class Located:
    """What follows from the coordinates of a table's rows, in 1e-7 degrees or MISSING."""

    lat_e7: IntArray
    lon_e7: IntArray

    @cached_property
    def located(self) -> npt.NDArray[np.bool_]:
        """Per row: both coordinates are known."""
        located: npt.NDArray[np.bool_] = (self.lat_e7 != MISSING) & (self.lon_e7 != MISSING)
        return located

    @cached_property
    def all_located(self) -> bool:
        """Every row has coordinates."""
        return bool(self.located.all())

    @cached_property
    def directions(self) -> Directions:
        """Per row: the direction to its point; meaningless where it has none."""
        return directions_of(self.lat_e7, self.lon_e7)


@dataclass(frozen=True)
class Outputs(Located):
    """One row per posted lot. Units: kg, metres, µCNY/kg, 1e-7 degrees, day ordinals.

    `allowed_operations` holds `;`-separated operation codes, "" meaning any. `assays` maps an analyte
    with its unit in the name (`cl_mg_per_kg`) to millionths of that unit.
    """

    output_id: TextArray
    organisation: TextArray
    lat_e7: IntArray
    lon_e7: IntArray
    region_code: TextArray
    waste_code: TextArray
    mass_kg: IntArray
    available_from_day: IntArray
    available_to_day: IntArray
    allowed_operations: TextArray
    max_distance_m: IntArray
    max_net_cost_ucny_per_kg: IntArray
    min_lot_kg: IntArray
    price_ucny_per_kg: IntArray
    storage_since_day: IntArray
    status: TextArray
    plan_mass_kg: IntArray
    assays: Mapping[str, IntArray]


@dataclass(frozen=True)
class Facilities(Located):
    """One row per facility. `standing` is one of STANDINGS; anything but "" takes no new matches."""

    facility_id: TextArray
    organisation: TextArray
    lat_e7: IntArray
    lon_e7: IntArray
    region_code: TextArray
    standing: TextArray


@dataclass(frozen=True)
class Capacities:
    """One row per capacity window. `facility` is the row of its facility.

    `accepts_from` and `whitelist_from` hold `;`-separated region prefixes, `senders` organisations
    ("" = any). A period of validity starts before the case; only its end, `licence_valid_to_day`, matters.
    `limits_min` and `limits_max` map an analyte to millionths of its unit.
    """

    capacity_id: TextArray
    facility: IntArray
    entitlement_kind: TextArray
    licence_no: TextArray
    licence_valid_to_day: IntArray
    waste_pattern: TextArray
    operation: TextArray
    capacity_kg: IntArray
    available_from_day: IntArray
    available_to_day: IntArray
    gate_fee_ucny_per_kg: IntArray
    accepts_from: TextArray
    whitelist_from: TextArray
    ship_within_days: IntArray
    senders: TextArray
    max_distance_m: IntArray
    limits_min: Mapping[str, IntArray]
    limits_max: Mapping[str, IntArray]


@dataclass(frozen=True)
class Cap:
    """A limit in kg on a set of capacities together, for outputs of one origin prefix ("" = every origin)."""

    cap_id: str
    limit_kg: int
    origin_region: str
    members: tuple[int, ...]


@dataclass(frozen=True)
class Lanes:
    """Known pairs: distance, transport cost and limit replace what is computed; MISSING = compute it."""

    output: IntArray
    capacity: IntArray
    distance_m: IntArray
    cost_ucny_per_kg: IntArray
    limit_kg: IntArray


@dataclass(frozen=True)
class Proposals:
    """Pairs that are open proposals already; a plan keeps them as far as nothing better is lost."""

    output: IntArray
    capacity: IntArray


def no_lanes() -> Lanes:
    """Return an empty lanes table."""
    return Lanes(*(np.empty(0, dtype=np.int64) for _ in fields(Lanes)))


def no_proposals() -> Proposals:
    """Return an empty table of proposals."""
    return Proposals(*(np.empty(0, dtype=np.int64) for _ in fields(Proposals)))
