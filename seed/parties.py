"""The rows of the seed: who exists, what they produce and take, with every day counted from the seeding.

Masses are whole kilograms, prices µCNY/kg, contents millionths of their unit. A field `*_days` counts days
from the day of seeding, negative before it, so the story never grows old.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A real industrial area near which fictional sites stand."""

    place: str
    name_zh: str
    name_en: str
    lat: float
    lon: float
    region_code: str
    source: str


@dataclass(frozen=True, slots=True)
class Party:
    """One fictional organisation with one site; `facility_kind` is "" for a generator."""

    party: str
    name_zh: str
    name_en: str
    credit_code: str
    role: str
    facility_kind: str
    standing: str
    region_code: str
    lat: float
    lon: float
    near_place: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A year of one waste at one party: generated, used or disposed on site, contracted elsewhere.

    What remains is posted in `lots` equal lots. `stored_days` is the age of the oldest lot, None where age
    is unknown or without limit. `plan_kg` is what the filed management plan holds of the posted mass
    (hazardous only). `status` is waste, by_product or product.
    """

    party: str
    waste_code: str
    generated_kg: int
    own_utilised_kg: int
    own_disposed_kg: int
    elsewhere_utilised_kg: int
    lots: int
    stored_days: int | None
    price_ucny_per_kg: int | None
    max_distance_m: int | None
    max_net_cost_ucny_per_kg: int | None
    allowed_operations: tuple[str, ...]
    plan_kg: int | None
    status: str
    assays: Mapping[str, int]

    @property
    def posted_kg(self) -> int:
        """Mass without an outlet yet."""
        return self.generated_kg - self.own_utilised_kg - self.own_disposed_kg - self.elsewhere_utilised_kg


@dataclass(frozen=True, slots=True)
class EntitlementRow:
    """What lets a facility take waste; `valid_to_days` None where it does not end."""

    number: str
    party: str
    kind: str
    issuer: str
    valid_from_days: int
    valid_to_days: int | None
    annual_limit_kg: int | None


@dataclass(frozen=True, slots=True)
class LineRow:
    """One waste pattern and operation of an entitlement, and what is already gone of its year."""

    entitlement: str
    waste_pattern: str
    operation: str
    annual_limit_kg: int
    received_kg: int
    committed_kg: int
    stop_days: int
    gate_fee_ucny_per_kg: int | None
    limits_min: Mapping[str, int]
    limits_max: Mapping[str, int]
    max_distance_m: int | None
    senders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WhitelistRow:
    """One row of a whitelist or agreed list between provinces."""

    party: str
    list_kind: str
    issuer_region: str
    document: str
    waste_pattern: str
    operation: str
    accepted_origins: tuple[str, ...]
    quota_kg: int | None
    ship_within_days: int
    valid_from_days: int
    valid_to_days: int
    status: str


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A procedure that an authority has granted for one sender and one receiver."""

    party: str
    sender: str
    kind: str
    origin_region: str
    waste_pattern: str
    valid_from_days: int
    valid_to_days: int
    limit_kg: int | None


@dataclass(frozen=True, slots=True)
class Delta:
    """All rows of one fictional Delta."""

    parties: tuple[Party, ...]
    flows: tuple[Flow, ...]
    entitlements: tuple[EntitlementRow, ...]
    lines: tuple[LineRow, ...]
    whitelist: tuple[WhitelistRow, ...]
    grants: tuple[GrantRow, ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """What is usual for one waste when a Delta is drawn: lot masses, fees, one analyte and its limit.

    Facilities take it under `waste_pattern` by one of `operations`; contents in millionths of the unit.
    """

    waste_code: str
    waste_pattern: str
    operations: tuple[str, ...]
    entitlement_kind: str
    lot_from_kg: int
    lot_to_kg: int
    gate_fee_from_ucny_per_kg: int
    gate_fee_to_ucny_per_kg: int
    analyte: str
    content_from: int
    content_to: int
    content_limit: int


@dataclass(frozen=True, slots=True)
class StockRow:
    """Stock that a survey found at the end of an earlier year: `years_ago` 1 is last year's waste."""

    party: str
    waste_code: str
    years_ago: int
    stock_kg: int


@dataclass(frozen=True, slots=True)
class ContractRow:
    """A deal that no run proposed, `direct` or `imported`, on a line of an entitlement, days from today.

    `fate` is how far it has come by then: offered, accepted by one side, agreed, suspended or ended. `way` is
    how its mass travels: as suits it (""), through a `pipeline`, in small loads `collected` for a store, from
    there `grouped`, or `joint` with the sender's other deals of that way on one vehicle.
    """

    source: str
    party: str
    waste_code: str
    entitlement: str
    waste_pattern: str
    operation: str
    mass_kg: int
    cadence: str
    from_days: int
    to_days: int
    fate: str
    way: str
