"""What ends or interrupts an entry: suspension at once, resumption, delisting, the blacklist, its last day.

A suspension stops new deals and lets open loads finish. On a ground that says so (accident, violation) the
facility itself takes no new waste, and all its entries are suspended with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.catalogue.listing_rules import ground as ground_of
from circularity.catalogue.listing_rules import ground_words
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.lifecycle import advance, legal_acts, next_step
from circularity.organisations import Organisation
from circularity.registry.entitlements import Facility
from circularity.registry.facilities import set_standing
from circularity.whitelist.entries import WhitelistEntry
from circularity.whitelist.offices import SUSPEND, require_office

SUSPENDED, DELISTED = "whitelist.suspended", "whitelist.delisted"
CLOCK = Actor("平台时钟 · platform clock", None, "system")


def suspend(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    entry: WhitelistEntry,
    by: Organisation,
    ground: str,
    reason: str,
) -> list[WhitelistEntry]:
    """Suspend an entry at once, and on a ground against the facility all its entries; return them.

    Raises BadInput for an unknown ground, NotAllowed, RuleBroken `illegal_step`.
    """
    checks = Checks("whitelist_entry")
    ground = checks.word("ground", ground, ground_words())
    reason = checks.text("reason", reason, maximum=1000)
    checks.finish()
    entries = _held(session, entry)
    require_office(session, by, entry.facility, delta_day(at), SUSPEND)
    next_step("entry", entry.status, "suspend", "authority")
    standing = ground_of(ground, delta_day(at)).standing
    if standing:
        _stand(session, actor, at, entry.facility, standing, reason)
    stopped = [each for each in entries if each is entry or (standing and each.status == "listed")]
    for each in stopped:
        advance(each, "entry", "suspend", "authority")
        record(session, actor, at, SUSPENDED, each, {"by": by, "ground": ground, "reason": reason})
    return stopped


def resume(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    entry: WhitelistEntry,
    by: Organisation,
    reason: str,
) -> None:
    """Let an entry count again; a suspension or accident flag of its facility is lifted with it.

    Raises RuleBroken `blacklisted`: that needs an appeal that was upheld.
    """
    reason = _reason(reason)
    _held(session, entry)
    require_office(session, by, entry.facility, delta_day(at), SUSPEND)

    def in_good_standing() -> None:
        if entry.facility.standing == "blacklisted":
            zh, en = "设施在黑名单中，不能恢复", "the facility is blacklisted, so the entry cannot be resumed"
            raise RuleBroken("blacklisted", zh, en)

    advance(entry, "entry", "resume", "authority", {"in_good_standing": in_good_standing})
    _stand(session, actor, at, entry.facility, "", reason)
    record(session, actor, at, "whitelist.resumed", entry, {"by": by, "reason": reason})


def delist(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    entry: WhitelistEntry,
    by: Organisation,
    reason: str,
) -> None:
    """Take an entry off its list; whom it concerns may appeal."""
    reason = _reason(reason)
    _held(session, entry)
    require_office(session, by, entry.facility, delta_day(at), SUSPEND)
    advance(entry, "entry", "delist", "authority")
    record(session, actor, at, DELISTED, entry, {"by": by, "reason": reason, "blacklisted": False})


def blacklist(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    entry: WhitelistEntry,
    by: Organisation,
    reason: str,
) -> list[WhitelistEntry]:
    """Put the facility on the blacklist and take all its entries off their lists; return those."""
    reason = _reason(reason)
    entries = _held(session, entry)
    require_office(session, by, entry.facility, delta_day(at), SUSPEND)
    next_step("entry", entry.status, "delist", "authority")
    _stand(session, actor, at, entry.facility, "blacklisted", reason)
    gone = [each for each in entries if "delist" in legal_acts("entry", each.status, "authority")]
    for each in gone:
        advance(each, "entry", "delist", "authority")
        record(session, actor, at, DELISTED, each, {"by": by, "reason": reason, "blacklisted": True})
    return gone


def reinstate(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    entry: WhitelistEntry,
    by: Organisation,
    reason: str,
) -> None:
    """Put back what an upheld appeal was about; called by `circularity.whitelist.appeals` alone."""
    _held(session, entry)
    require_office(session, by, entry.facility, delta_day(at), SUSPEND)
    _stand(session, actor, at, entry.facility, "", reason)
    if entry.status == "suspended":
        advance(entry, "entry", "resume", "authority", {"in_good_standing": _upheld})
    else:
        advance(entry, "entry", "reinstate", "authority", {"appeal_upheld": _upheld})
    record(session, actor, at, "whitelist.resumed", entry, {"by": by, "reason": reason, "appeal": True})


def expire_entries(session: Session, *, at: datetime) -> int:
    """Let the entries expire whose last day is over; return how many."""
    wanted = (
        select(WhitelistEntry)
        .where(WhitelistEntry.status.in_(("listed", "suspended")), WhitelistEntry.valid_to < delta_day(at))
        .order_by(WhitelistEntry.id)
        .with_for_update(of=WhitelistEntry)
    )
    over = session.scalars(wanted, execution_options={"populate_existing": True}).all()
    for entry in over:
        advance(entry, "entry", "expire", "system")
        record(session, CLOCK, at, "whitelist.expired", entry, {"valid_to": entry.valid_to})
    return len(over)


def _held(session: Session, entry: WhitelistEntry) -> Sequence[WhitelistEntry]:
    """Take hold of an entry's facility, then of all its entries in the order of their keys.

    Who accepts a deal reads both under a share lock, so that it sees a suspension or comes before it.
    """
    session.flush()
    session.refresh(entry.facility, with_for_update={"of": Facility})
    wanted = select(WhitelistEntry).filter_by(facility_id=entry.facility_id).order_by(WhitelistEntry.id)
    return session.scalars(
        wanted.with_for_update(of=WhitelistEntry), execution_options={"populate_existing": True}
    ).all()


def _stand(
    session: Session, actor: Actor, at: datetime, facility: Facility, standing: str, reason: str
) -> None:
    if facility.standing != standing:
        set_standing(session, actor=actor, at=at, facility=facility, standing=standing, reason=reason)


def _upheld() -> None:
    """The guard has been met: the appeal is upheld in this very transaction."""


def _reason(reason: str) -> str:
    checks = Checks("whitelist_entry")
    reason = checks.text("reason", reason, maximum=1000)
    checks.finish()
    return reason
