"""Who is on the stage of the story, and what day it is there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from circularity.audit import Actor
from circularity.organisations import Organisation, Site
from circularity.registry.entitlements import Entitlement, EntitlementLine, Facility

QUARTER_DAYS = 91
DELTA_TIME = ZoneInfo("Asia/Shanghai")


@dataclass
class Cast:
    """Who and what the story has brought onto the stage so far, by the keys of its tables.

    `at` is the story's today; `told_at` the moment of what is being told, which a look back sets earlier.
    `lines` stand in the order of their table.
    """

    at: datetime
    told_at: datetime = field(init=False)
    organisations: dict[str, Organisation] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    facilities: dict[str, Facility] = field(default_factory=dict)
    entitlements: dict[str, Entitlement] = field(default_factory=dict)
    lines: list[EntitlementLine] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.told_at = self.at

    @property
    def today(self) -> date:
        """The first day of the quarter, in the Delta's time."""
        return self.at.astimezone(DELTA_TIME).date()

    @property
    def told_day(self) -> date:
        """The day of what is being told."""
        return self.told_at.astimezone(DELTA_TIME).date()

    @property
    def last_day(self) -> date:
        """The last day of the quarter."""
        return self.in_days(QUARTER_DAYS - 1)

    def in_days(self, days: int) -> date:
        """The day that many days from today; negative lies behind."""
        return self.today + timedelta(days=days)

    def line(self, number: str, waste_pattern: str, operation: str) -> EntitlementLine:
        """The first line of an entitlement that is about a pattern and an operation."""
        return next(
            line
            for line in self.entitlements[number].lines
            if (line.waste_pattern, line.operation) == (waste_pattern, operation)
        )

    def actor(self, party: str) -> Actor:
        """The party acting for itself."""
        return acting(self.organisations[party])


def acting(organisation: Organisation) -> Actor:
    """Return an organisation acting for itself."""
    return Actor(organisation.name_zh, organisation.public_id, "person")
