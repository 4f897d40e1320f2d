"""One sender and one receiver as the tables that the rules of lawfulness are asked of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from circularity.acceptance import CapacityColumns, FacilityColumns, OutputColumns, Pairs, Tables
from circularity.acceptance.texts import TextArray
from circularity.organisations import Site
from circularity.registry.entitlements import EntitlementLine
from circularity.registry.outputs import Output
from circularity.units import MISSING, IntArray
from circularity.whitelist import WhitelistEntry

Days = tuple[date | None, date | None]
"""First and last day, None unbounded."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What is sent from where, kg; `output` is the posted lot, None where there is none."""

    site: Site
    waste_code: str
    output: Output | None
    mass_kg: int


@dataclass(frozen=True, slots=True)
class Receiving:
    """What is done with it on which line, and the whitelist entries that count for this pair."""

    line: EntitlementLine
    operation: str
    listed: Sequence[WhitelistEntry]


def pair_of(sending: Sending, receiving: Receiving, days: Days, on: date) -> Pairs:
    """Return the one pair, asked as of a day about shipping within `days`, without distance and money."""
    facility, only = receiving.line.entitlement.facility, np.zeros(1, dtype=np.int64)
    tables = Tables(
        outputs=_output_columns(sending, days),
        facilities=FacilityColumns(_text(facility.site.region_code), _text(facility.standing)),
        capacities=_capacity_columns(receiving, days, on),
        as_of_day=on.toordinal(),
        distances_known=False,
        costs_known=False,
    )
    return Pairs(tables, only, only)


def _output_columns(sending: Sending, days: Days) -> OutputColumns:
    site, output = sending.site, sending.output
    return OutputColumns(
        organisation=_text(site.organisation.public_id),
        region_code=_text(site.region_code),
        waste_code=_text(sending.waste_code),
        mass_kg=_number(sending.mass_kg),
        available_from_day=_day(days[0]),
        available_to_day=_day(days[1]),
        allowed_operations=_text(";".join(output.allowed_operations) if output else ""),
        max_distance_m=_number(None),
        max_net_cost_ucny_per_kg=_number(None),
        status=_text(output.status if output else "waste"),
        plan_mass_kg=_number(output.plan_mass_kg if output else None),
        assays={assay.analyte: _number(assay.value_micro) for assay in (output.assays if output else ())},
    )


def _capacity_columns(receiving: Receiving, days: Days, on: date) -> CapacityColumns:
    """Return the receiver's side; where its entitlement ends within the days, so does what is asked about."""
    line = receiving.line
    entitlement = line.entitlement
    first = max(filter(None, (on, days[0], entitlement.valid_from)))
    ends = entitlement.valid_to
    reached = ends if ends is not None and first <= ends else None
    origins = sorted({origin for entry in receiving.listed for origin in entry.accepted_origins})
    deadlines = [entry.ship_within_days for entry in receiving.listed if entry.ship_within_days is not None]
    return CapacityColumns(
        facility=np.zeros(1, dtype=np.int64),
        entitlement_kind=_text(entitlement.kind),
        licence_valid_to_day=_day(ends),
        waste_pattern=_text(line.waste_pattern),
        operation=_text(receiving.operation),
        available_from_day=_day(entitlement.valid_from),
        available_to_day=_day(reached),
        accepts_from=_text(""),
        whitelist_from=_text(";".join(origins)),
        ship_within_days=_number(min(deadlines, default=None)),
        senders=_text(";".join(line.senders)),
        max_distance_m=_number(None),
        limits_min={limit.analyte: _number(limit.minimum_micro) for limit in line.limits},
        limits_max={limit.analyte: _number(limit.maximum_micro) for limit in line.limits},
    )


def _text(value: str) -> TextArray:
    return np.array([value], dtype=np.str_)


def _number(value: int | None) -> IntArray:
    return np.array([MISSING if value is None else value], dtype=np.int64)


def _day(value: date | None) -> IntArray:
    return _number(None if value is None else value.toordinal())
