"""What the rules read of outputs, facilities and capacities: plain columns that any source can fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from circularity.acceptance.texts import TextArray, Texts, texts_of
from circularity.units import IntArray

BoolArray = npt.NDArray[np.bool_]
Columns = TypeVar("Columns")


@dataclass(frozen=True, eq=False)
class OutputColumns:
    """What the rules read of an output; units as in `circularity.units`, days as ordinals."""

    organisation: TextArray
    region_code: TextArray
    waste_code: TextArray
    mass_kg: IntArray
    available_from_day: IntArray
    available_to_day: IntArray
    allowed_operations: TextArray
    max_distance_m: IntArray
    max_net_cost_ucny_per_kg: IntArray
    status: TextArray
    plan_mass_kg: IntArray
    assays: Mapping[str, IntArray]

    @cached_property
    def regions(self) -> Texts:
        """The different regions; procedures and limits differ by them."""
        return texts_of(self.region_code)

    @cached_property
    def codes(self) -> Texts:
        """The different waste codes."""
        return texts_of(self.waste_code)


@dataclass(frozen=True, eq=False)
class FacilityColumns:
    """What the rules read of a facility."""

    region_code: TextArray
    standing: TextArray


@dataclass(frozen=True, eq=False)
class CapacityColumns:
    """What the rules read of a capacity window and its entitlement; `facility` is the row of its facility."""

    facility: IntArray
    entitlement_kind: TextArray
    licence_valid_to_day: IntArray
    waste_pattern: TextArray
    operation: TextArray
    available_from_day: IntArray
    available_to_day: IntArray
    accepts_from: TextArray
    whitelist_from: TextArray
    ship_within_days: IntArray
    senders: TextArray
    max_distance_m: IntArray
    limits_min: Mapping[str, IntArray]
    limits_max: Mapping[str, IntArray]


def columns_of(kind: type[Columns], table: object) -> Columns:
    """Return the columns that the rules read, taken by name from any table that has them."""
    return kind(**{f.name: getattr(table, f.name) for f in fields(kind)})  # type: ignore[arg-type]  # the columns of a kind are those of the table
