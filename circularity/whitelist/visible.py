"""What one party may see of applications and appeals: its own, an authority those of its region.

What is still a draft is seen by its applicants alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, Text, and_, false, literal, or_, select, type_coerce
from sqlalchemy.orm import Session, joinedload

from circularity.accounts.standings import is_authority
from circularity.catalogue.regions import prefix_of
from circularity.organisations import Organisation, Site
from circularity.registry.entitlements import Facility
from circularity.whitelist.appeals import about_of
from circularity.whitelist.applications import Appeal, Application
from circularity.whitelist.entries import WhitelistEntry
from circularity.whitelist.offices import decides_on, sees

_OPEN = "draft"


def applications_seen(organisation: Organisation, only: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition for the applications that an organisation may see; `only` as in party_listings."""
    own_sites = select(Site.id).where(Site.organisation_id == organisation.id)
    if only:
        own_sites = own_sites.where(Site.public_id.in_(only))
    own = select(Facility.id).where(Facility.site_id.in_(own_sites))
    mine: ColumnElement[bool] = Application.facility_id.in_(own)
    if not only:
        mine = mine | (Application.organisation_id == organisation.id)
    return or_(mine, and_(Application.status != _OPEN, _of_region(organisation)))


def applications(
    session: Session, organisation: Organisation, only: frozenset[str], status: str, told: ColumnElement[bool]
) -> Sequence[Application]:
    """Return what an organisation may see and its office is `told`, the newest first; `status` "" for all."""
    wanted = select(Application).where(applications_seen(organisation, only), told)
    if status:
        wanted = wanted.where(Application.status == status)
    loaded = joinedload(Application.facility).joinedload(Facility.site)
    return session.scalars(wanted.options(loaded).order_by(Application.id.desc())).all()


def entries(session: Session, organisation: Organisation, on: date) -> Sequence[WhitelistEntry]:
    """Return the entries whose quotas an organisation may see on a day, the newest first."""
    wanted = select(WhitelistEntry).order_by(WhitelistEntry.id.desc())
    loaded = joinedload(WhitelistEntry.facility).joinedload(Facility.site)
    found = session.scalars(wanted.options(loaded)).all()
    return [entry for entry in found if sees_entry(session, organisation, entry, on)]


def sees_entry(session: Session, organisation: Organisation, entry: WhitelistEntry, on: date) -> bool:
    """Return whether an organisation may see what an entry's quota holds: its own, or of either region."""
    return sees(session, organisation, entry.facility, on, entry.accepted_origins)


def sees_appeal(session: Session, organisation: Organisation, appeal: Appeal, on: date) -> bool:
    """Return whether an organisation may see an appeal: its own, one about its facility or in its region."""
    about = about_of(appeal)
    return appeal.organisation_id == organisation.id or sees(
        session, organisation, about.facility, on, about.accepted_origins
    )


def appeals_waiting(session: Session, organisation: Organisation, on: date) -> list[Appeal]:
    """Return the appeals that an authority has to answer, the oldest first."""
    raised = session.scalars(select(Appeal).filter_by(status="raised").order_by(Appeal.id)).all()
    subjects = [(appeal, appeal.application or appeal.entry) for appeal in raised]
    return [
        appeal
        for appeal, about in subjects
        if about and decides_on(session, organisation, about.facility, on)
    ]


def _of_region(organisation: Organisation) -> ColumnElement[bool]:
    if not is_authority(organisation):
        return false()
    inside = Site.region_code.startswith(prefix_of(organisation.region_code), autoescape=True)
    received = select(Facility.id).join(Facility.site).where(inside)
    spelled = literal(";") + type_coerce(Application.__table__.c.accepted_origins, Text)
    sends = spelled.contains(f";{organisation.region_code[:2]}", autoescape=True)
    return Application.facility_id.in_(received) | (sends & (Application.list_kind == "agreed"))
