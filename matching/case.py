"""The case: one frozen, validated, columnar instance of the matching problem, and its digest.

Rows are kept sorted by id whatever order they came in, so everything computed from a case is the same
for every row order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Self, TypeVar

import numpy as np
import numpy.typing as npt

from circularity.units import MAX_MASS_KG
from matching.case_digest import columns_of, feed
from matching.case_tables import (
    Cap,
    Capacities,
    Facilities,
    Lanes,
    Outputs,
    Proposals,
    no_lanes,
    no_proposals,
)
from matching.parameters import InvalidCase, Parameters

Table = TypeVar("Table", Outputs, Facilities, Capacities, Lanes, Proposals)

PairTable = TypeVar("PairTable", Lanes, Proposals)


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
