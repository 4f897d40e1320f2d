"""Whom the priced limits of a run belong to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.registry.entitlements import (
    CapacityWindow,
    Entitlement,
    EntitlementLine,
    Facility,
    LineGroup,
)
from circularity.runs.capacity_prices import CapacityPrice
from circularity.whitelist import WhitelistEntry


@dataclass(frozen=True)
class Subject:
    """The facility of a priced limit, and the limit's waste pattern and operation ("" = all of them)."""

    facility: Facility
    waste_pattern: str = ""
    operation: str = ""


def subjects_of(session: Session, prices: Iterable[CapacityPrice]) -> Mapping[str, Subject]:
    """Return the subjects of prices by public id; a limit without a facility of its own is left out."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for price in prices:
        wanted[price.kind].add(price.subject_id)
    queries = _queries()
    found: dict[str, Subject] = {}
    for kind, ids in wanted.items():
        query = queries[kind]
        for public_id, facility, *of_line in session.execute(
            query.where(query.selected_columns[0].in_(sorted(ids)))
        ):
            found[public_id] = Subject(facility, *of_line)
    return found


def _queries() -> dict[str, Any]:
    """Return per kind of limit a select of (public id, facility, waste pattern, operation)."""
    line, entry = EntitlementLine, WhitelistEntry
    return {
        "window": select(CapacityWindow.public_id, Facility, line.waste_pattern, line.operation)
        .join(CapacityWindow.line)
        .join(line.entitlement)
        .join(Entitlement.facility),
        "line": select(line.public_id, Facility, line.waste_pattern, line.operation)
        .join(line.entitlement)
        .join(Entitlement.facility),
        "group": select(LineGroup.public_id, Facility).join(LineGroup.entitlement).join(Entitlement.facility),
        "entitlement": select(Entitlement.public_id, Facility).join(Entitlement.facility),
        "facility": select(Facility.public_id, Facility),
        "quota": select(entry.public_id, Facility, entry.waste_pattern, entry.operation).join(entry.facility),
    }
