"""What has become of an entry, as the audit chain tells: for its public page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.audit import AuditEvent
from circularity.calendar_days import delta_day
from circularity.catalogue.listing_rules import Ground, UnknownGround, ground
from circularity.organisations import Organisation
from circularity.whitelist.entries import WhitelistEntry

TOLD = (
    "whitelist.listed",
    "whitelist.suspended",
    "whitelist.resumed",
    "whitelist.delisted",
    "whitelist.expired",
)
"""The acts that the public reads; what a quota holds is for authorities and the facility."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One act (`listed`, `suspended` …): when, by which organisation, on what ground, with what reason."""

    at: datetime
    act: str
    organisation: Organisation | None
    ground: Ground | None
    reason: str


def history_of(session: Session, entry: WhitelistEntry) -> list[Happened]:
    """Return what has become of an entry, the oldest first."""
    events = session.scalars(
        select(AuditEvent)
        .where(AuditEvent.subject_id == entry.public_id, AuditEvent.action.in_(TOLD))
        .order_by(AuditEvent.position)
    ).all()
    names = {event.actor_organisation for event in events}
    known = {
        row.public_id: row
        for row in session.scalars(select(Organisation).where(Organisation.public_id.in_(names)))
    }
    return [
        Happened(
            at=event.at,
            act=event.action.partition(".")[2],
            organisation=known.get(event.actor_organisation),
            ground=_ground(event),
            reason=str(event.facts.get("reason", "")),
        )
        for event in events
    ]


def _ground(event: AuditEvent) -> Ground | None:
    try:
        return ground(str(event.facts["ground"]), delta_day(event.at))
    except (KeyError, UnknownGround):
        return None
