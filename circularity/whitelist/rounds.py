"""The yearly lists: proposed in December, published for the next year; last year's receipts; what runs out.

A round makes one application for every entry that ends with the year. It asks for the papers of a renewal
and is decided one by one; the platform itself says what was received.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from circularity.audit import Actor
from circularity.calendar_days import delta_day
from circularity.catalogue.procedures import add_working_days
from circularity.catalogue.regions import prefix_of
from circularity.catalogue.settings import setting
from circularity.catalogue.waste_types import pattern_covers
from circularity.entitlements import Facility
from circularity.errors import RuleBroken
from circularity.manifests import Transfer, TransferLine
from circularity.organisations import Organisation, Site
from circularity.reception import Receipt
from circularity.whitelist.applications import Application
from circularity.whitelist.deciding import publish
from circularity.whitelist.entries import WhitelistEntry
from circularity.whitelist.powers import decides_on
from circularity.whitelist.proposing import Wanted, apply_for

_GONE = ("withdrawn", "refused")


@dataclass(frozen=True, slots=True)
class Received:
    """What a facility received under an entry in a year, of one waste from one province, kg and loads."""

    entry: WhitelistEntry
    province: str
    waste_code: str
    mass_kg: int
    loads: int


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
        if decides_on(by, entry.facility) and entry.valid_to is not None and entry.valid_to.year == year - 1
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
        if decides_on(by, application.facility)
    ]


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


def actual_receipts(session: Session, year: int) -> list[Received]:
    """Return what was received under each entry in a year, entries without any with 0 kg.

    A load counts for the first entry that covers facility, waste, operation and origin on its day.
    """
    sums: dict[tuple[int, str, str], list[int]] = defaultdict(lambda: [0, 0])
    entries = [entry for entry in _entries(session, ()) if _touches(entry, year)]
    for received_on, kg, facility_id, code, operation, region in _loads(session, year):
        for entry in entries:
            if entry.facility_id == facility_id and _covers(entry, code, operation, region, received_on):
                cell = sums[entry.id, region[:2], code]
                cell[0] += kg
                cell[1] += 1
                break
    found = []
    for entry in entries:
        cells = sorted((key, cell) for key, cell in sums.items() if key[0] == entry.id)
        found += [Received(entry, key[1], key[2], *cell) for key, cell in cells]
        if not cells:
            found.append(Received(entry, "", "", 0, 0))
    return found


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
    wanted = select(WhitelistEntry).order_by(WhitelistEntry.id)
    if statuses:
        wanted = wanted.where(WhitelistEntry.status.in_(statuses))
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


def _touches(entry: WhitelistEntry, year: int) -> bool:
    begins = entry.valid_from is None or entry.valid_from.year <= year
    published = entry.status in ("listed", "suspended", "delisted", "expired")
    return published and begins and (entry.valid_to is None or entry.valid_to.year >= year)


def _covers(entry: WhitelistEntry, code: str, operation: str, region: str, on: date) -> bool:
    return (
        entry.operation == operation
        and pattern_covers(entry.waste_pattern, code)
        and region.startswith(tuple(map(prefix_of, entry.accepted_origins)))
        and (entry.valid_from is None or entry.valid_from <= on)
        and (entry.valid_to is None or on <= entry.valid_to)
    )


def _loads(session: Session, year: int) -> Sequence[tuple[date, int, int, str, str, str]]:
    """Return day, accepted kg, facility, code, operation and origin of every receipt of a year."""
    rows = session.execute(
        select(
            Receipt.received_on,
            Receipt.accepted_kg,
            Receipt.facility_id,
            TransferLine.waste_code,
            TransferLine.operation,
            Site.region_code,
        )
        .join(TransferLine, Receipt.line_id == TransferLine.id)
        .join(Transfer, TransferLine.transfer_id == Transfer.id)
        .join(Site, Transfer.sender_site_id == Site.id)
        .where(Receipt.received_on.between(date(year, 1, 1), date(year, 12, 31)), Receipt.accepted_kg > 0)
        .order_by(Receipt.id)
    )
    return rows.all()
