"""Transfers: at the gate, cancelled, closed. Their drafts: `drafting`; their signatures: `signatures`.

Each verb takes the transfer's row first, so that two acts on one transfer follow each other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.catalogue.waste_types import is_hazardous
from circularity.custody import grouping
from circularity.custody.held_transfers import locked
from circularity.custody.manifests import Transfer
from circularity.custody.transfer_cells import cells_of
from circularity.custody.weighings import drop_weighings
from circularity.deals.agreements import unship
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.ledger.groups import post
from circularity.ledger.postings import Movement
from circularity.lifecycle import advance


def arrive(session: Session, *, actor: Actor, at: datetime, transfer: Transfer) -> None:
    """Note that the load is at the receiver's gate; the days to confirm within begin."""
    locked(session, transfer)
    advance(transfer, transfer.lifecycle, "arrive", "receiver")
    transfer.arrived_at = at
    record(session, actor, at, "transfer.arrived", transfer, {})


def cancel(session: Session, *, actor: Actor, at: datetime, transfer: Transfer, reason: str) -> None:
    """Discard a draft, or cancel a trip that nobody has picked up; later only by consent (`corrections`).

    Raises BadInput without a reason, RuleBroken `illegal_step`, or `load_on_the_road` for a re-matched load.
    """
    checks = Checks("transfer")
    facts: dict[str, Any] = {"reason": checks.text("reason", reason, maximum=1000)}
    checks.finish()
    locked(session, transfer)
    if transfer.status == "draft":
        advance(transfer, transfer.lifecycle, "discard", "generator")
        # Nobody has signed them, and a ticket or a manifest that is known is taken nowhere else.
        facts |= {"weighings_dropped": drop_weighings(session, transfer)}
        facts |= {"official_number": transfer.official_number}
        transfer.official_number = None
    else:
        _refuse_on_the_road(transfer)
        advance(transfer, transfer.lifecycle, "cancel", "generator")
        _free(session, transfer, at)
    for line in transfer.lines:
        grouping.release(session, line)
    record(session, actor, at, "transfer.cancelled", transfer, facts)


def close(session: Session, *, actor: Actor, at: datetime, transfer: Transfer) -> None:
    """Close a transfer whose mass is where it belongs; RuleBroken `illegal_step`, `no_official_number`."""
    locked(session, transfer)
    advance(transfer, transfer.lifecycle, "close", "system", {"official_number": lambda: _numbered(transfer)})
    transfer.closed_at = at
    record(session, actor, at, "transfer.closed", transfer, {})


def _free(session: Session, transfer: Transfer, at: datetime) -> None:
    """Give what was reserved back to the site, and to the agreements."""
    for line in sorted(transfer.lines, key=lambda row: row.agreement.id):
        unship(session, line.agreement, line.sent_kg)
    movements = [
        Movement("freed", cell, mass_kg, transfer.sender_site_id)
        for line in transfer.lines
        for cell, mass_kg in cells_of(session, transfer, line, "reserved")
    ]
    post(
        session,
        event="transfer.cancelled",
        on_day=delta_day(transfer.submitted_at or at),
        at=at,
        subject=transfer,
        movements=movements,
    )


def _refuse_on_the_road(transfer: Transfer) -> None:
    if transfer.refused_transfer is not None:
        zh = "再撮合的货物仍在途中，不能直接取消；请拒收退回或协商更正"
        en = "a re-matched load is on the road already; it can be returned, or changed by consent"
        raise RuleBroken("load_on_the_road", zh, en)


def _numbered(transfer: Transfer) -> None:
    if transfer.official_number is None and any(is_hazardous(line.waste_code) for line in transfer.lines):
        zh = "危险废物转移须先录入国家联单 14 位编号才能办结"
        en = "a hazardous transfer needs the 14-digit number of its national manifest to close"
        raise RuleBroken("no_official_number", zh, en, field="official_number")
