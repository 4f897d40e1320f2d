"""Whether a deal under way may still count on the entry that it was proposed or offered under.

An entry shortens a procedure. When it is suspended or delisted between a match and its acceptance, what the
parties agree to is no longer what was put to them: the acceptance is refused with the reason. They may put
new terms forward, which then count on the ordinary procedure; a deal that holds its approval goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.acceptance import Finding
from circularity.acceptance.rules import UNLAWFUL
from circularity.audit import AuditEvent
from circularity.calendar_days import delta_day
from circularity.catalogue import legal
from circularity.catalogue.listing_rules import UnknownGround, ground
from circularity.catalogue.regions import prefix_of
from circularity.catalogue.waste_types import pattern_covers
from circularity.deals.contract import Agreement, Offer
from circularity.units import MISSING
from circularity.whitelist.entries import GRANT_KINDS, WhitelistEntry
from circularity.whitelist.standing import DELISTED, SUSPENDED

LISTING = "listing"
"""Code of the finding: the entry that was counted on no longer counts."""

UNDER_WAY = ("offered_by_generator", "offered_by_facility", "accepted_by_generator", "accepted_by_facility")


def lost_listing(
    session: Session, agreement: Agreement, offer: Offer, findings: Iterable[Finding]
) -> list[Finding]:
    """Return one finding per entry that a deal under way counted on and that was taken away since.

    Nothing where no procedure between provinces is open, or another entry in force covers the pair: the
    caller asks that first.
    """
    kinds = {finding.procedure.kind for finding in findings if finding.procedure is not None}
    if agreement.status not in UNDER_WAY or not kinds & set(GRANT_KINDS):
        return []
    proposal = agreement.proposal
    since = proposal.run.started_at if proposal is not None and offer.number == 1 else offer.made_at
    entries = [entry for entry in _taken_away(session, agreement) if _covers(entry, agreement, since)]
    return [
        _finding(entry, event)
        for entry in entries
        if (event := _since(session, entry, since)) is not None and _covers(entry, agreement, event.at)
    ]


def _taken_away(session: Session, agreement: Agreement) -> list[WhitelistEntry]:
    wanted = (
        select(WhitelistEntry)
        .filter_by(facility_id=agreement.facility_id, operation=agreement.operation)
        .where(WhitelistEntry.status.in_(("suspended", "delisted")))
        .where(WhitelistEntry.list_kind != "information")
    )
    return list(session.scalars(wanted.order_by(WhitelistEntry.id)))


def _covers(entry: WhitelistEntry, agreement: Agreement, at: datetime) -> bool:
    on = delta_day(at)
    return (
        pattern_covers(entry.waste_pattern, agreement.waste_code)
        and agreement.site.region_code.startswith(tuple(map(prefix_of, entry.accepted_origins)))
        and (entry.valid_from is None or entry.valid_from <= on)
        and (entry.valid_to is None or on <= entry.valid_to)
    )


def _since(session: Session, entry: WhitelistEntry, since: datetime) -> AuditEvent | None:
    """Return the newest event that took an entry away, if it came after a moment."""
    event = session.scalar(
        select(AuditEvent)
        .where(AuditEvent.subject_id == entry.public_id, AuditEvent.action.in_((SUSPENDED, DELISTED)))
        .order_by(AuditEvent.position.desc())
        .limit(1)
    )
    return event if event is not None and event.at > since else None


def _finding(entry: WhitelistEntry, event: AuditEvent) -> Finding:
    on, reason = delta_day(event.at), str(event.facts["reason"])
    why_zh, why_en = _ground(str(event.facts.get("ground", "")), event)
    gone_zh, gone_en = ("已暂停", "suspended") if event.action == SUSPENDED else ("已移出", "delisted")
    return Finding(
        rule=LISTING,
        effect=UNLAWFUL,
        slack=1,
        slack_unit="",
        zh=f"所依据的白名单条目（{entry.document}）于 {on} {gone_zh}：{why_zh}{reason}",
        en=f"the white-list entry this counts on ({entry.document}) was {gone_en} on {on}: {why_en}{reason}",
        legal=legal.basis("blacklist", on),
        procedure=None,
        ready_day=MISSING,
    )


def _ground(key: str, event: AuditEvent) -> tuple[str, str]:
    try:
        row = ground(key, delta_day(event.at))
    except UnknownGround:
        return "", ""
    return f"{row.name_zh};", f"{row.name_en}; "
