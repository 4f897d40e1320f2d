"""Who is on the stage of the story, and what day it is there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from circularity.audit import Actor
from circularity.entitlements import Entitlement, Facility
from circularity.organisations import Organisation, Site

QUARTER_DAYS = 91
DELTA_TIME = ZoneInfo("Asia/Shanghai")


@dataclass
class Cast:
    """Who and what the story has brought onto the stage so far, by the keys of its tables."""

    at: datetime
    organisations: dict[str, Organisation] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    facilities: dict[str, Facility] = field(default_factory=dict)
    entitlements: dict[str, Entitlement] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The first day of the quarter, in the Delta's time."""
        return self.at.astimezone(DELTA_TIME).date()

    @property
    def last_day(self) -> date:
        """The last day of the quarter."""
        return self.in_days(QUARTER_DAYS - 1)

    def in_days(self, days: int) -> date:
        """The day that many days from today; negative lies behind."""
        return self.today + timedelta(days=days)

    def actor(self, party: str) -> Actor:
        """The party acting for itself."""
        organisation = self.organisations[party]
        return Actor(organisation.name_zh, organisation.public_id, "person")
