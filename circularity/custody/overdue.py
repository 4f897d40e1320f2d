"""Loads that stand at a receiver's gate longer than the days within which it confirms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session, joinedload, selectinload

from circularity.calendar_days import delta_day
from circularity.catalogue.procedures import add_working_days
from circularity.catalogue.settings import setting
from circularity.catalogue.waste_types import is_hazardous
from circularity.custody.manifests import Carriage, Transfer
from circularity.registry.entitlements import Facility


@dataclass(frozen=True, slots=True)
class Overdue:
    """A transfer without a verdict, the last day that it should have had one, and the days since."""

    transfer: Transfer
    due_on: date
    days_late: int


def overdue(session: Session, on: date, seen: ColumnElement[bool] | None = None) -> list[Overdue]:
    """Return what is overdue on a day, the longest first: trips from arrival, sheets from their signature.

    `seen` narrows it to what a party may know of, such as `party_listings.transfers_seen`. A load that was
    received and waits for its analysis is not confirmed either. Public holidays are not known, so a real term
    may end later.
    """
    waiting = session.scalars(
        select(Transfer)
        .where(
            true() if seen is None else seen,
            or_(
                Transfer.status == "arrived",
                (Transfer.status == "submitted") & (Transfer.metering != "trip"),
            ),
        )
        .options(
            joinedload(Transfer.sender_site),
            joinedload(Transfer.facility).joinedload(Facility.site),
            selectinload(Transfer.lines),
            selectinload(Transfer.carriages).joinedload(Carriage.organisation),
        )
        .order_by(Transfer.id)
    )
    found = [
        Overdue(transfer, due_on, (on - due_on).days)
        for transfer in waiting
        if (due_on := _due_on(transfer)) is not None and due_on < on
    ]
    return sorted(found, key=lambda late: (-late.days_late, late.transfer.number))


def _due_on(transfer: Transfer) -> date | None:
    since = transfer.arrived_at or transfer.submitted_at
    if since is None:
        return None
    hazardous = any(is_hazardous(line.waste_code) for line in transfer.lines)
    name = "confirm_within_hazardous" if hazardous else "confirm_within_general"
    day = delta_day(since)
    return add_working_days(day, setting(name, day).value)
