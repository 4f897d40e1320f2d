"""Who has read what its owner did not publish: one audit event per owner, so that each sees its own.

Only authorities that are no party to a record are noted; a party reads its own business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from circularity.audit import Actor, AuditEvent, record
from circularity.catalogue.regions import prefix_of
from circularity.organisations import Organisation

READ = "record.read"


def note_readings(
    session: Session, *, actor: Actor, at: datetime, read: Mapping[tuple[str, str], Iterable[str]]
) -> None:
    """Note what an authority read: (kind, public id) of each record → public ids of its owners."""
    by_owner: dict[str, list[str]] = {}
    for (kind, public_id), owners in sorted(read.items()):
        for owner in owners:
            by_owner.setdefault(owner, []).append(f"{kind} {public_id}")
    wanted = select(Organisation).where(Organisation.public_id.in_(by_owner)).order_by(Organisation.id)
    for organisation in session.scalars(wanted):
        record(session, actor, at, READ, organisation, {"records": by_owner[organisation.public_id]})


def readings_of(organisation: Organisation) -> Select[AuditEvent]:
    """Return who has read the records of an organisation, the newest first."""
    wanted = select(AuditEvent).filter_by(subject_id=organisation.public_id, action=READ)
    return wanted.order_by(AuditEvent.position.desc())


def acts_in_region(region_code: str) -> Select[AuditEvent]:
    """Return the acts of the organisations of a region, readings left out, the newest first.

    A code without digits that bind ("" or 00) is the whole Delta.
    """
    prefix = "" if region_code.strip("0") == "" else prefix_of(region_code)
    there = select(Organisation.public_id).where(Organisation.region_code.startswith(prefix, autoescape=True))
    wanted = select(AuditEvent).where(AuditEvent.actor_organisation.in_(there), AuditEvent.action != READ)
    return wanted.order_by(AuditEvent.position.desc())
