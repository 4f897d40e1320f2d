"""Reported rates that a party is told exactly: an authority those of its region, anybody else its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from circularity.catalogue.regions import prefix_of
from circularity.organisations import Organisation
from circularity.party_listings import WATCHING, facilities_seen
from circularity.rates.capacity_used import LineUse, capacity_used
from circularity.rates.formula import Sums
from circularity.rates.periods import Period
from circularity.rates.reported import Report, reported
from circularity.rates.sums import Fold, folded


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whose figures somebody is told.

    `region` is an authority's prefix, "" for the Delta body; `organisation` and `sites` (public ids) are who
    is no authority. `wastes` are the kinds that an authority's power is limited to. None of them = all.
    """

    region: str = ""
    organisation: str | None = None
    sites: frozenset[str] = frozenset()
    wastes: frozenset[str] = frozenset()

    def covers(self, region: str) -> bool:
        """Tell whether a prefix lies within the region; an organisation may ask for its part in any."""
        return region.startswith(self.region)


def reach_of(
    organisation: Organisation, side: str, sites: frozenset[str], wastes: frozenset[str] = frozenset()
) -> Reach:
    """Return whose figures a party is told; arguments as for `party_listings`."""
    if side not in WATCHING:
        return Reach(organisation=organisation.public_id, sites=sites)
    code = organisation.region_code
    return Reach(region="" if not code.strip("0") else prefix_of(code), wastes=wastes)


def own_report(
    session: Session,
    reach: Reach,
    period: Period,
    keys: Sequence[str],
    *,
    region: str = "",
    stream: str | None = None,
    organisation: str | None = None,
) -> tuple[Report, Mapping[str, Mapping[str, Sums]]]:
    """Return the report of a period within a reach, and its general sums at acceptance told apart by `keys`.

    The filters narrow the reach and never widen it.
    """
    which: dict[str, Any] = {
        "region": region if reach.covers(region) and region else reach.region,
        "stream": stream,
        "organisation": reach.organisation or organisation,
        "sites": reach.sites,
        "wastes": reach.wastes,
    }
    report = reported(session, period.year, quarter=period.quarter, month=period.month, **which)
    found = folded(session, [Fold(key) for key in keys], first=period.first, last=period.last, **which)
    return report, dict(zip(keys, found, strict=True))


def own_capacity_used(
    session: Session,
    organisation: Organisation,
    side: str,
    sites: frozenset[str],
    on: date,
    told: ColumnElement[bool],
) -> list[LineUse]:
    """Return the use of limits of a party's own facilities, or of those of its region that it is `told`."""
    return capacity_used(session, on, facilities_seen(organisation, side, sites).where(told))
