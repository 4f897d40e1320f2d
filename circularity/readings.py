"""Who has read what its owner did not publish: one audit event per owner, so that each sees its own.

What lies at a site is noted on the site, what lies at none on the organisation.

Only authorities that are no party to a record are noted; a party reads its own business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from circularity.audit import Actor, AuditEvent, record
from circularity.catalogue.regions import prefix_of
from circularity.organisations import Organisation, Site

READ = "record.read"


@dataclass(frozen=True)
class Owners:
    """Whose a record is, by public id: its parties, and the sites at which they have it."""

    parties: frozenset[str]
    sites: frozenset[str] = frozenset()


def owners_at(sites: Iterable[Site]) -> Owners:
    """Return whose a record is that lies at these sites."""
    places = set(sites)
    parties = frozenset(site.organisation.public_id for site in places)
    return Owners(parties, frozenset(site.public_id for site in places))


def note_readings(
    session: Session, *, actor: Actor, at: datetime, read: Mapping[tuple[str, str], Owners]
) -> None:
    """Note what an authority read: (kind, public id) of each record → whose it is."""
    places = {place for owners in read.values() for place in owners.sites}
    found = session.scalars(select(Site).where(Site.public_id.in_(places)).order_by(Site.id))
    sites = {site.public_id: site for site in found}
    records: dict[str, list[str]] = {}
    for (kind, public_id), owners in sorted(read.items()):
        at_sites = {sites[place].organisation.public_id for place in owners.sites if place in sites}
        for subject in sorted(owners.sites | (owners.parties - at_sites)):
            records.setdefault(subject, []).append(f"{kind} {public_id}")
    for site in sites.values():
        record(session, actor, at, READ, site, {"records": records[site.public_id]})
    wanted = select(Organisation).where(Organisation.public_id.in_(records)).order_by(Organisation.id)
    for organisation in session.scalars(wanted):
        record(session, actor, at, READ, organisation, {"records": records[organisation.public_id]})


def readings_of(organisation: Organisation, only: frozenset[str] = frozenset()) -> Select[AuditEvent]:
    """Return who has read the records of an organisation, the newest first.

    `only` are public ids of the sites that somebody acts for, empty = all: then what lies at these alone.
    """
    sites = select(Site.public_id).where(Site.organisation_id == organisation.id)
    mine: ColumnElement[bool] = AuditEvent.subject_id.in_(
        sites.where(Site.public_id.in_(only)) if only else sites
    )
    if not only:
        mine = or_(mine, AuditEvent.subject_id == organisation.public_id)
    return select(AuditEvent).where(mine, AuditEvent.action == READ).order_by(AuditEvent.position.desc())


def acts_in_region(region_code: str) -> Select[AuditEvent]:
    """Return the acts of the organisations of a region, readings left out, the newest first.

    A code without digits that bind ("" or 00) is the whole Delta.
    """
    prefix = "" if region_code.strip("0") == "" else prefix_of(region_code)
    there = select(Organisation.public_id).where(Organisation.region_code.startswith(prefix, autoescape=True))
    wanted = select(AuditEvent).where(AuditEvent.actor_organisation.in_(there), AuditEvent.action != READ)
    return wanted.order_by(AuditEvent.position.desc())
