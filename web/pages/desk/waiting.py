"""What waits for one party: its turn in deals and transfers, what is late, what is new to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from circularity.custody.amendments import Correction
from circularity.custody.manifests import Carriage, Transfer, TransferLine
from circularity.custody.overdue import Overdue, overdue
from circularity.custody.reception import Treatment
from circularity.custody.treatment_notices import not_told
from circularity.deals.agreements import gaps
from circularity.deals.contract import Agreement, AgreementProcedure
from circularity.deals.filings import FILED
from circularity.deals.gaps import Gap
from circularity.ledger.months import LedgerMonth
from circularity.party_listings import (
    agreements_seen,
    facilities_seen,
    months_seen,
    proposals_seen,
    sites_seen,
    transfers_seen,
)
from circularity.runs.stored import Proposal
from circularity.whitelist.applications import Application
from circularity.whitelist.visible import applications_seen
from web.pages.desk.acting import Acting
from web.permission_check import told_of
from web.today import today

TURN = {
    "generator": ("offered_by_facility", "accepted_by_facility"),
    "facility": ("offered_by_generator", "accepted_by_generator"),
}
"""The states of a deal in which a side is to answer."""

OPEN_NUMBER = ("submitted", "picked_up", "arrived", "accepted", "partly_accepted", "returned", "rematched")


@dataclass(frozen=True)
class Waiting:
    """One kind of thing that waits: `what` is a word of the group `waiting`."""

    what: str
    number: int
    address: str


def waiting_for(session: Session, party: Acting) -> list[Waiting]:
    """Return what the party can do something about now, kinds with nothing left out."""
    found = [
        Waiting(what, number, address)
        for what, model, condition, address in _kinds(party)
        if (number := session.scalar(select(func.count()).select_from(model).where(condition)) or 0)
    ]
    return found


def gaps_of(session: Session, party: Acting) -> list[Gap]:
    """Return the gaps ahead of the party's deals."""
    seen = agreements_seen(party.organisation, party.side, party.sites) & told_of(Agreement)
    mine = set(session.scalars(select(Agreement.id).where(seen)))
    return [gap for gap in gaps(session, today()) if gap.agreement.id in mine]


def overdue_of(session: Session, party: Acting) -> list[Overdue]:
    """Return the loads of either side without a verdict in time."""
    seen = transfers_seen(party.organisation, party.side, party.sites) & told_of(Transfer)
    return overdue(session, today(), seen)


def without_number(party: Acting) -> ColumnElement[bool]:
    """Return the condition for hazardous transfers that still lack the number of their manifest."""
    # General codes have a letter in their last part (900-001-S02), hazardous ones have none (398-007-34).
    hazardous = select(TransferLine.transfer_id).where(~TransferLine.waste_code.contains("-S"))
    return (
        transfers_seen(party.organisation, party.side, party.sites)
        & told_of(Transfer)
        & Transfer.official_number.is_(None)
        & Transfer.status.in_(OPEN_NUMBER)
        & Transfer.id.in_(hazardous)
    )


def my_turn(party: Acting) -> ColumnElement[bool]:
    """Return the condition for deals in which the party is to answer, on whichever side it is."""
    sites = sites_seen(party.organisation, party.side, party.sites)
    facilities = facilities_seen(party.organisation, party.side, party.sites)
    return or_(
        Agreement.site_id.in_(sites) & Agreement.status.in_(TURN["generator"]),
        Agreement.facility_id.in_(facilities) & Agreement.status.in_(TURN["facility"]),
    )


def _procedures(party: Acting, what: str, *states: str) -> tuple[str, type[Any], ColumnElement[bool], str]:
    """Return the procedures of deals that stand, in some states: the sender's own, or those of a region."""
    sends = Agreement.site_id.in_(sites_seen(party.organisation, party.side, party.sites))
    receives = Agreement.facility_id.in_(facilities_seen(party.organisation, party.side, party.sites))
    deals = select(Agreement.id).where(
        sends | receives if party.watches else sends, Agreement.status.in_(("agreed", "suspended"))
    )
    row = AgreementProcedure
    wanted = row.agreement_id.in_(deals) & row.status.in_(states) & row.kind.in_(FILED) & told_of(row)
    return what, row, wanted, url_for("desk.procedures", status=states[0])


def _to_decide(party: Acting) -> tuple[str, type[Any], ColumnElement[bool], str]:
    """Return the applications that an authority reviews, consents to or publishes."""
    open_now = Application.status.in_(("submitted", "under_review", "approved"))
    return (
        "decide",
        Application,
        applications_seen(party.organisation, party.sites) & open_now & told_of(Application),
        url_for("register.home"),
    )


def _kinds(party: Acting) -> list[tuple[str, type[Any], ColumnElement[bool], str]]:
    if party.watches:
        if party.side != "authority":
            return []
        return [_to_decide(party), _procedures(party, "filed", "filed")]
    organisation, side, only = party.organisation, party.side, party.sites
    sends = Transfer.sender_site_id.in_(sites_seen(organisation, side, only))
    receives = Transfer.facility_id.in_(facilities_seen(organisation, side, only))
    carried = select(Carriage.transfer_id).where(Carriage.organisation_id == organisation.id)
    trip = Transfer.metering == "trip"
    asked = select(Correction.transfer_id).where(
        Correction.status == "asked", Correction.asked_by_id != organisation.id
    )
    seen = transfers_seen(organisation, side, only)

    def listed(status: str) -> str:
        return url_for("desk.transfers", status=status)

    return [
        ("proposals", Proposal, proposals_seen(organisation, side, only) & (Proposal.status == "open"),
         url_for("desk.proposals")),
        ("deals", Agreement, my_turn(party), url_for("desk.agreements", turn="mine")),
        _procedures(party, "to_file", "to_file", "refused"),
        ("sign", Transfer, sends & (Transfer.status == "draft"), listed("draft")),
        ("carry", Transfer, seen & Transfer.id.in_(carried) & (Transfer.status == "submitted") & trip,
         listed("submitted")),
        ("coming", Transfer, receives & (Transfer.status == "picked_up"), listed("picked_up")),
        ("gate", Transfer, receives & (Transfer.status == "arrived"), listed("arrived")),
        ("sheets", Transfer, receives & (Transfer.status == "submitted") & ~trip, listed("submitted")),
        ("refused", Transfer, sends & trip & Transfer.status.in_(("refused", "partly_accepted")),
         url_for("desk.transfers", status="refused,partly_accepted")),
        ("returning", Transfer, sends & (Transfer.status == "returning"), listed("returning")),
        ("corrections", Transfer, seen & Transfer.id.in_(asked),
         url_for("desk.transfers", correction="asked")),
        ("numbers", Transfer, without_number(party), url_for("desk.official_numbers")),
        ("treatments", Treatment, not_told(organisation, only), url_for("desk.treatments")),
        ("complete", Application,
         applications_seen(organisation, only) & (Application.status == "incomplete"),
         url_for("register.home", status="incomplete")),
        ("months", LedgerMonth, months_seen(organisation, side, only) & (LedgerMonth.status == "open"),
         url_for("desk.months", status="open")),
    ]  # fmt: skip
