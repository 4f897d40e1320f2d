"""The yearly lists: proposed in December, published for the next year; what runs out.

A round makes one application for every entry that ends with the year. It asks for the papers of a renewal
and is decided one by one; the platform itself says what was received.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from circularity.audit import Actor
from circularity.calendar_days import delta_day
from circularity.catalogue.procedures import add_working_days
from circularity.catalogue.settings import setting
from circularity.errors import RuleBroken
from circularity.organisations import Organisation
from circularity.registry.entitlements import Facility
from circularity.whitelist.applications import Application
from circularity.whitelist.deciding import publish
from circularity.whitelist.entries import WhitelistEntry
from circularity.whitelist.offices import decides_on
from circularity.whitelist.proposing import Wanted, apply_for
from circularity.whitelist.visible import applications_seen

_GONE = ("withdrawn", "refused")


def propose_round(
    session: Session, *, actor: Actor, at: datetime, by: Organisation, year: int
) -> list[Application]:
    """Begin next year's list of an authority's region; return the applications, one for each entry without.

    Raises RuleBroken `not_the_season` before the month in which rounds begin (a setting).
    """
    on = delta_day(at)
    month = setting("whitelist_round_month", on).value
    if on < date(year - 1, month, 1) or on > date(year, 12, 31):
        zh = f"{year} 年名单自上年 {month} 月起提出"
        en = f"the list of {year} is proposed from month {month} of the year before on"
        raise RuleBroken("not_the_season", zh, en, year=year)
    ending = [
        entry
        for entry in _entries(session, ("listed", "suspended"))
        if entry.valid_to is not None
        and entry.valid_to.year == year - 1
        and decides_on(session, by, entry.facility, on)
    ]
    carried = _carried_on(session)
    return [
        apply_for(
            session,
            actor=actor,
            at=at,
            by=by,
            facility=entry.facility,
            wanted=_next_year(entry, year),
            renews=entry,
        )
        for entry in ending
        if entry.id not in carried
    ]


def publish_round(
    session: Session, *, actor: Actor, at: datetime, by: Organisation, year: int, document: str
) -> list[WhitelistEntry]:
    """Publish every approved application for a year in an authority's region under one document."""
    approved = session.scalars(
        select(Application).filter_by(status="approved", valid_from=date(year, 1, 1)).order_by(Application.id)
    ).all()
    return [
        publish(session, actor=actor, at=at, application=application, by=by, document=document)
        for application in approved
        if decides_on(session, by, application.facility, delta_day(at))
    ]


def round_of(session: Session, organisation: Organisation, year: int) -> Sequence[Application]:
    """Return the applications that an organisation may see for the list of a year, the oldest first."""
    of_year = Application.valid_from == date(year, 1, 1), Application.valid_to == date(year, 12, 31)
    wanted = select(Application).where(applications_seen(organisation, frozenset()), *of_year)
    return session.scalars(wanted.order_by(Application.id)).all()


def renewals_due(session: Session, on: date) -> list[WhitelistEntry]:
    """Return the entries whose renewal should have been asked for by now, the first to end first.

    So many working days (a setting) before the last day; an application that renews it ends the reminder.
    """
    limit = add_working_days(on, setting("whitelist_renew_before", on).value)
    carried = _carried_on(session)
    ending = [
        entry
        for entry in _entries(session, ("listed", "suspended"))
        if entry.valid_to is not None and on <= entry.valid_to <= limit and entry.id not in carried
    ]
    return sorted(ending, key=lambda entry: (entry.valid_to or date.max, entry.id))


def _next_year(entry: WhitelistEntry, year: int) -> Wanted:
    return Wanted(
        list_kind=entry.list_kind,
        waste_pattern=entry.waste_pattern,
        operation=entry.operation,
        accepted_origins=entry.accepted_origins,
        valid_from=date(year, 1, 1),
        valid_to=date(year, 12, 31),
        quota_kg=entry.quota_kg,
        ship_within_days=entry.ship_within_days,
    )


def _entries(session: Session, statuses: Sequence[str]) -> Sequence[WhitelistEntry]:
    wanted = select(WhitelistEntry).where(WhitelistEntry.status.in_(statuses)).order_by(WhitelistEntry.id)
    loaded = joinedload(WhitelistEntry.facility).joinedload(Facility.site)
    return session.scalars(wanted.options(loaded)).all()


def _carried_on(session: Session) -> set[int]:
    """Return the keys of the entries that an application under way, or published, carries on."""
    return set(
        session.scalars(
            select(Application.renews_id).where(
                Application.renews_id.is_not(None), Application.status.not_in(_GONE)
            )
        )
    )
