"""Transfers of the party one acts for: the list, what is overdue, and one with its timeline and acts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from circularity.catalogue.stage_columns import columns_of
from circularity.catalogue.waste_types import is_hazardous
from circularity.custody.amendments import Correction
from circularity.custody.grouping import fractions_of
from circularity.custody.line_handling import handlings_of
from circularity.custody.manifests import TRANSFER_STATES, Carriage, Transfer
from circularity.custody.metered import received_total_kg, sent_total_kg
from circularity.custody.receipts import receipts_of
from circularity.custody.seals import verify_signatures
from circularity.custody.weighed_sums import weighed_sums
from circularity.custody.weight_differences import WeightDifference, weight_difference, weight_differences
from circularity.errors import NotAllowed, NotFound
from circularity.ledger.handling import UNTOLD, Handling
from circularity.lifecycle import MACHINES, legal_acts
from circularity.organisations import Site
from circularity.party_listings import total, transfers, transfers_seen
from circularity.registry.entitlements import Facility
from web.pages.desk.acting import Acting, acting, require_acting
from web.pages.desk.corrected import answerable, correctable
from web.pages.desk.timeline import timeline
from web.pages.desk.waiting import overdue_of
from web.pages.requests import choice, page_of, text
from web.permission_check import note_shown, told_of
from web.session import read_session
from web.today import today


@dataclass(frozen=True)
class Standing:
    """What a party is in a transfer; `carriage` is the number of its own that is due, 0 for none."""

    parties: tuple[str, ...]
    carriage: int = 0

    @property
    def is_party(self) -> bool:
        """Whether it may act at all."""
        return bool(self.parties)


def show_transfers() -> str:
    """Show the transfers of the party one acts for: of some states, with an open correction, by number."""
    session, party = read_session(), acting()
    statuses = tuple(word for word in request.args.get("status", "").split(",") if word in TRANSFER_STATES)
    corrected, asked = choice("correction", ("asked",)), text()
    page = None
    if party is not None:
        seen = transfers_seen(party.organisation, party.side, party.sites) & told_of(Transfer)
        if corrected:
            seen &= Transfer.id.in_(select(Correction.transfer_id).filter_by(status="asked"))
        if asked:
            seen &= _named(asked)
        wanted = transfers(seen, statuses)
        page = page_of(
            total(session, wanted),
            lambda limit, offset: session.scalars(wanted.limit(limit).offset(offset)).all(),
        )
        note_shown(page.rows)
    facts = {"statuses": statuses, "states": TRANSFER_STATES, "corrected": corrected, "asked": asked}
    return render_template("transfers.html", page=page, **facts)


def show_overdue() -> str:
    """Show loads without a verdict after the days to confirm within."""
    party = acting()
    late = overdue_of(read_session(), party) if party is not None else []
    page = page_of(len(late), lambda limit, offset: late[offset : offset + limit])
    note_shown(row.transfer for row in page.rows)
    return render_template("overdue.html", page=page)


def show_differences() -> str:
    """Show loads whose two weights lie further apart than they may."""
    session, party = read_session(), acting()
    apart: list[WeightDifference] = []
    if party is not None:
        seen = transfers_seen(party.organisation, party.side, party.sites) & told_of(Transfer)
        apart = weight_differences(session, seen)
    page = page_of(len(apart), lambda limit, offset: apart[offset : offset + limit])
    note_shown(row.receipt.line.transfer for row in page.rows)
    return render_template("differences.html", page=page)


def _named(asked: str) -> ColumnElement[bool]:
    """A number of ours or of the national manifest, a plate, or a part of them."""
    columns = (Transfer.number, Transfer.official_number, Transfer.vehicle)
    carried = select(Carriage.transfer_id).where(Carriage.vehicle.icontains(asked, autoescape=True))
    return or_(*(column.icontains(asked, autoescape=True) for column in columns), Transfer.id.in_(carried))


def show_transfer(public_id: str) -> str:
    """Show one transfer with what its parties have signed and may do now."""
    session, party = read_session(), require_acting()
    transfer = find_transfer(session, party, public_id)
    corrections = list(session.scalars(select(Correction).filter_by(transfer_id=transfer.id)))
    receipts = receipts_of(session, transfer)
    standing = standing_in(transfer, party)
    acts = acts_in(transfer, standing)
    weighed = weighed_sums(session, transfer, receipts)
    facts: dict[str, Any] = {
        "one_line": len(transfer.lines) == 1,
        "standing": standing,
        "acts": acts,
        "ended": transfer.status in MACHINES[transfer.lifecycle].final,
        "receipts": receipts,
        "apart": {number: weight_difference(receipt) for number, receipt in receipts.items()},
        "corrections": corrections,
        "faults": verify_signatures(transfer),
        "timeline": timeline(session, transfer, list(receipts.values()), corrections),
        "correctable": correctable(transfer, receipts, weighed),
        "weighed": weighed,
        "answerable": answerable(corrections, transfer, party),
        "sums": {
            line.number: (sent_total_kg(session, line), received_total_kg(session, line))
            for line in transfer.lines
        },
        "groups": "submit" in acts and stores(session, transfer.sender_site),
        "grouped": transfer.status != "draft"
        and "generator" in standing.parties
        and takes_stored(session, transfer),
        "hazardous": any(is_hazardous(line.waste_code) for line in transfer.lines),
        "handlings": _handlings(session, transfer, party),
        "stage_columns": columns_of("taken_out"),
        "party": party,
        "today": today(),
    }
    return render_template("transfer.html", transfer=transfer, **facts)


def _handlings(session: Session, transfer: Transfer, party: Acting) -> dict[int, Handling]:
    """Return what the sender's ledger tells of each hazardous line, for the sender and those that watch."""
    if transfer.status in ("draft", "cancelled") or not (
        party.acts_at(transfer.sender_site) or party.watches
    ):
        return {}
    told = handlings_of(session, transfer.lines)
    lines = [line for line in transfer.lines if is_hazardous(line.waste_code)]
    return {line.number: told.get(line.id, UNTOLD) for line in lines}


def find_transfer(session: Session, party: Acting, public_id: str) -> Transfer:
    """Return a transfer that the party may see; raises NotFound."""
    seen = transfers_seen(party.organisation, party.side, party.sites)
    found = session.scalar(select(Transfer).filter_by(public_id=public_id).where(seen))
    if found is None:
        raise NotFound("transfer", "没有这一转移", "there is no such transfer", id=public_id[:40])
    return found


def standing_in(transfer: Transfer, party: Acting) -> Standing:
    """Return what the party is in a transfer that it sees; those that only watch are nothing."""
    mine = party.organisation.id
    if party.watches:
        return Standing(())
    signed = {row.carriage for row in transfer.signatures if row.signer == "carrier"}
    waiting = [row for row in transfer.carriages if row.number not in signed]
    turn = waiting[0].number if waiting and waiting[0].organisation_id == mine else 0
    held = {
        "generator": party.acts_at(transfer.sender_site),
        "carrier": any(row.organisation_id == mine for row in transfer.carriages),
        "receiver": party.acts_at(transfer.facility.site),
    }
    return Standing(tuple(who for who, holds in held.items() if holds), turn)


def acts_in(transfer: Transfer, standing: Standing) -> dict[str, str]:
    """Return what the table of the lifecycle lets the party do now, with the party it does it as."""
    found = {
        act: who for who in standing.parties for act in legal_acts(transfer.lifecycle, transfer.status, who)
    }
    if not standing.carriage:
        found.pop("pick_up", None)
        found.pop("hand_over", None)
    if standing.is_party and "close" in legal_acts(transfer.lifecycle, transfer.status, "system"):
        found["close"] = "system"
    return found


def stores(session: Session, site: Site) -> bool:
    """Tell whether a site is a collector's, so that what leaves it may be loads of others."""
    found = select(Facility.id).filter_by(site_id=site.id, kind="collector").limit(1)
    return session.scalar(found) is not None


def takes_stored(session: Session, transfer: Transfer) -> bool:
    """Tell whether what leaves are loads that a collector stored."""
    return any(fractions_of(session, line) for line in transfer.lines)


def require_party(transfer: Transfer, party: Acting, who: str) -> None:
    """Refuse acts in the name of a party that one does not act for."""
    if who not in standing_in(transfer, party).parties:
        zh, en = "只有该方单位可以操作", "only this party's organisation does this"
        raise NotAllowed("not_a_party", zh, en)
