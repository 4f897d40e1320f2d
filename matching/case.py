"""The case: one frozen, validated, columnar instance of the matching problem, and its digest.

Rows are kept sorted by id whatever order they came in, so everything computed from a case is the same
for every row order. Absent integers are `MISSING`; absent texts are "". Columns of one table have one length.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from functools import cached_property
from typing import Any, Self, TypeVar

import numpy as np
import numpy.typing as npt

from circularity.catalogue import factors
from circularity.units import MAX_MASS_KG, MISSING, UCNY_PER_KG_PER_CNY_PER_T, IntArray, parse_scaled
from matching.case_digest import columns_of, feed
from matching.geodesic import Directions, directions_of

TextArray = npt.NDArray[np.str_]

Table = TypeVar("Table", "Outputs", "Facilities", "Capacities", "Lanes", "Proposals")

PairTable = TypeVar("PairTable", "Lanes", "Proposals")

STANDINGS = ("", "suspended", "blacklisted", "accident")
STATUSES = ("waste", "by_product", "product")


MG_PER_KG_IN_KG_PER_T = 1000
"""1 kg per tonne is 1000 mg per kilogram."""


def reference(factor: str, scale: int) -> int:
    """Return the catalogue's newest value of a factor in stored units: a default, to be set by the user."""
    return parse_scaled(str(factors.get(factor, date.max).value), scale)


class InvalidCase(ValueError):
    """The tables contradict each other; a reader should have said so with file and row before."""


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


@dataclass(frozen=True)
class Parameters:
    """What holds for the whole case. Money in µCNY, so 450 µCNY per kg and km is 0.45 CNY per t and km.

    `as_of_day` is the day on which the rules are asked. `distance_m` of a pair is the WGS-84 geodesic times
    `detour_permille` / 1000. Defaults are reference values (circularity/catalogue), to be set by the user.
    """

    as_of_day: int
    period_from_day: int = MISSING
    period_to_day: int = MISSING
    transport_ucny_per_kg_km: int = reference("freight_truck_30t", UCNY_PER_KG_PER_CNY_PER_T)
    detour_permille: int = reference("detour", 1000)
    carbon_price_ucny_per_kg_co2e: int = 0
    emission_mg_per_kg_km: int = reference("emission_truck_diesel_30t", MG_PER_KG_IN_KG_PER_T)
    max_distance_m: int = MISSING
    only_lanes: bool = False

    def __post_init__(self) -> None:
        """Refuse values under which a plan would be meaningless."""
        date.fromordinal(self.as_of_day)
        for name in ("transport_ucny_per_kg_km", "carbon_price_ucny_per_kg_co2e", "emission_mg_per_kg_km"):
            if not 0 <= getattr(self, name) <= 10**9:
                raise InvalidCase(f"{name} must be between 0 and 10^9, not {getattr(self, name)}")
        if not 1000 <= self.detour_permille <= 10_000:
            raise InvalidCase(f"detour must be between 1 and 10, not {self.detour_permille / 1000}")


@dataclass(frozen=True)
class Case:
    """The whole instance. Build it with `Case.build`, which sorts the rows and re-points every index."""

    outputs: Outputs
    facilities: Facilities
    capacities: Capacities
    caps: tuple[Cap, ...]
    lanes: Lanes
    proposals: Proposals
    parameters: Parameters
    notes: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def build(
        cls,
        outputs: Outputs,
        facilities: Facilities,
        capacities: Capacities,
        parameters: Parameters,
        caps: Sequence[Cap] = (),
        lanes: Lanes | None = None,
        proposals: Proposals | None = None,
    ) -> Self:
        """Return the case with every table sorted by id; indices in the arguments refer to the rows as given.

        Raises InvalidCase for duplicate ids, unequal columns, indices out of range or masses out of bounds.
        """
        by_output, by_facility, by_capacity = (
            np.argsort(ids, kind="stable")
            for ids in (outputs.output_id, facilities.facility_id, capacities.capacity_id)
        )
        place_of_output, place_of_facility, place_of_capacity = (
            np.argsort(order) for order in (by_output, by_facility, by_capacity)
        )
        _require_range("facility", capacities.facility, len(by_facility))
        moved = replace(capacities, facility=place_of_facility[capacities.facility])
        sorted_caps = tuple(
            replace(cap, members=tuple(sorted(int(place_of_capacity[m]) for m in cap.members)))
            for cap in sorted(caps, key=lambda cap: cap.cap_id)
        )
        case = cls(
            outputs=_take(outputs, by_output),
            facilities=_take(facilities, by_facility),
            capacities=_take(moved, by_capacity),
            caps=sorted_caps,
            lanes=_sorted_pairs(lanes or no_lanes(), "lane", place_of_output, place_of_capacity),
            proposals=_sorted_pairs(
                proposals or no_proposals(), "proposal", place_of_output, place_of_capacity
            ),
            parameters=parameters,
        )
        case._validate()
        return case

    def replace(self, **changes: Any) -> Self:
        """Return the case with other tables or parameters, sorted and validated anew."""
        tables = {name: changes.get(name, getattr(self, name)) for name in (f.name for f in fields(self))}
        tables.pop("notes")
        return type(self).build(**tables)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of outputs and of capacities."""
        return len(self.outputs.output_id), len(self.capacities.capacity_id)

    def limit_id(self, node: int) -> str:
        """Return the id of the capacity or cap at a node of the cap tree."""
        n_capacities = self.shape[1]
        if node < n_capacities:
            return str(self.capacities.capacity_id[node])
        return self.caps[node - n_capacities].cap_id

    def digest(self) -> str:
        """Return the SHA-256 of the parsed case: tables in id order, parameters included.

        Where nothing is proposed it is what it was before there were proposals.
        """
        return self._digest

    @cached_property
    def _digest(self) -> str:
        sha = hashlib.sha256(b"circularity case 1\0")
        for name in ("outputs", "facilities", "capacities", "lanes"):
            feed(sha, name, getattr(self, name))
        if self.proposals.output.size:
            feed(sha, "proposals", self.proposals)
        caps = [[cap.cap_id, cap.limit_kg, cap.origin_region, cap.members] for cap in self.caps]
        parameters = {f.name: getattr(self.parameters, f.name) for f in fields(self.parameters)}
        sha.update(json.dumps([caps, parameters], ensure_ascii=True, sort_keys=True).encode())
        return sha.hexdigest()

    def _validate(self) -> None:
        for table in (self.outputs, self.facilities, self.capacities, self.lanes, self.proposals):
            lengths = {len(column) for _, column in columns_of(table)}
            if len(lengths) > 1:
                raise InvalidCase(f"columns of {type(table).__name__} differ in length: {sorted(lengths)}")
        for name, ids in (
            ("output_id", self.outputs.output_id),
            ("facility_id", self.facilities.facility_id),
            ("capacity_id", self.capacities.capacity_id),
            ("cap_id", np.array([cap.cap_id for cap in self.caps], dtype=str)),
        ):
            if np.any(ids[1:] == ids[:-1]):
                raise InvalidCase(f"{name} occurs twice: {ids[1:][ids[1:] == ids[:-1]][0]}")
        for name, mass in (("mass_kg", self.outputs.mass_kg), ("capacity_kg", self.capacities.capacity_kg)):
            if mass.size and (mass.min() < 0 or mass.max() > MAX_MASS_KG):
                raise InvalidCase(f"{name} must lie between 0 and {MAX_MASS_KG}")
        n_capacities = self.shape[1]
        for cap in self.caps:
            _require_range(f"cap {cap.cap_id}", np.array(cap.members, dtype=np.int64), n_capacities)
            if cap.limit_kg < 0 or len(set(cap.members)) != len(cap.members) or not cap.members:
                raise InvalidCase(f"cap {cap.cap_id} needs a limit of at least 0 and each member once")


def no_lanes() -> Lanes:
    """Return an empty lanes table."""
    return Lanes(*(np.empty(0, dtype=np.int64) for _ in fields(Lanes)))


def no_proposals() -> Proposals:
    """Return an empty table of proposals."""
    return Proposals(*(np.empty(0, dtype=np.int64) for _ in fields(Proposals)))


def _take(table: Table, order: npt.NDArray[np.intp]) -> Table:
    """Return the rows in an order; the very table where it has them in this order already."""
    if np.array_equal(order, np.arange(len(order))):
        return table
    changes: dict[str, Any] = {}
    for f in fields(table):
        value = getattr(table, f.name)
        changes[f.name] = (
            {key: value[key][order] for key in sorted(value)} if isinstance(value, Mapping) else value[order]
        )
    return replace(table, **changes)


def _sorted_pairs(
    table: PairTable,
    kind: str,
    place_of_output: npt.NDArray[np.intp],
    place_of_capacity: npt.NDArray[np.intp],
) -> PairTable:
    _require_range(f"{kind} output", table.output, len(place_of_output))
    _require_range(f"{kind} capacity", table.capacity, len(place_of_capacity))
    output, capacity = place_of_output[table.output], place_of_capacity[table.capacity]
    order = np.lexsort((capacity, output))
    arranged: PairTable = _take(replace(table, output=output, capacity=capacity), order)
    pairs = np.stack([arranged.output, arranged.capacity])
    if np.any(np.all(pairs[:, 1:] == pairs[:, :-1], axis=0)):
        raise InvalidCase(f"a {kind} occurs twice")
    return arranged


def _require_range(name: str, index: npt.NDArray[Any], size: int) -> None:
    if index.size and (index.min() < 0 or index.max() >= size):
        raise InvalidCase(f"{name} points outside its table")
