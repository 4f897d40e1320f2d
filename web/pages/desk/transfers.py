"""Transfers of the party one acts for: the list, what is overdue, and one with its timeline and acts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.amendments import Correction
from circularity.catalogue.waste_types import is_hazardous
from circularity.errors import NotAllowed, NotFound
from circularity.lifecycle import legal_acts
from circularity.manifests import TRANSFER_STATES, Transfer
from circularity.metered import received_total_kg, sent_total_kg
from circularity.overdue import overdue
from circularity.party_listings import total, transfers, transfers_seen
from circularity.receipts import receipts_of
from circularity.signatures import verify_signatures
from web.pages.desk.acting import Acting, acting, require_acting
from web.pages.desk.corrected import answerable, correctable
from web.pages.desk.timeline import timeline
from web.pages.requests import choice, page_of
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
    """Show the transfers of the party one acts for."""
    session, party = read_session(), acting()
    status = choice("status", TRANSFER_STATES)
    page = None
    if party is not None:
        wanted = transfers(transfers_seen(party.organisation, party.side), (status,) if status else ())
        page = page_of(
            total(session, wanted),
            lambda limit, offset: session.scalars(wanted.limit(limit).offset(offset)).all(),
        )
    return render_template("transfers.html", page=page, status=status, states=TRANSFER_STATES)


def show_overdue() -> str:
    """Show loads without a verdict after the days to confirm within."""
    session, party = read_session(), acting()
    late = []
    if party is not None:
        seen = set(session.scalars(transfers(transfers_seen(party.organisation, party.side), _WAITING)))
        late = [row for row in overdue(session, today()) if row.transfer in seen]
    return render_template("overdue.html", late=late)


def show_transfer(public_id: str) -> str:
    """Show one transfer with what its parties have signed and may do now."""
    session, party = read_session(), require_acting()
    transfer = find_transfer(session, party, public_id)
    corrections = list(session.scalars(select(Correction).filter_by(transfer_id=transfer.id)))
    receipts = receipts_of(session, transfer)
    standing = standing_in(transfer, party)
    facts: dict[str, Any] = {
        "standing": standing,
        "acts": acts_in(transfer, standing),
        "receipts": receipts,
        "corrections": corrections,
        "faults": verify_signatures(transfer),
        "timeline": timeline(transfer, list(receipts.values()), corrections),
        "correctable": correctable(transfer, receipts),
        "answerable": answerable(corrections, transfer, party),
        "sums": {
            line.number: (sent_total_kg(session, line), received_total_kg(session, line))
            for line in transfer.lines
        },
        "hazardous": any(is_hazardous(line.waste_code) for line in transfer.lines),
        "party": party,
        "today": today(),
    }
    return render_template("transfer.html", transfer=transfer, **facts)


_WAITING = ("arrived", "submitted")


def find_transfer(session: Session, party: Acting, public_id: str) -> Transfer:
    """Return a transfer that the party may see; raises NotFound."""
    seen = transfers_seen(party.organisation, party.side)
    found = session.scalar(select(Transfer).filter_by(public_id=public_id).where(seen))
    if found is None:
        raise NotFound("transfer", "没有这一转移", "there is no such transfer", id=public_id[:40])
    return found


def standing_in(transfer: Transfer, party: Acting) -> Standing:
    """Return what the party is in a transfer; those that only watch are nothing."""
    mine = party.organisation.id
    if party.watches:
        return Standing(())
    signed = {row.carriage for row in transfer.signatures if row.signer == "carrier"}
    waiting = [row for row in transfer.carriages if row.number not in signed]
    turn = waiting[0].number if waiting and waiting[0].organisation_id == mine else 0
    held = {
        "generator": transfer.sender_site.organisation_id == mine,
        "carrier": any(row.organisation_id == mine for row in transfer.carriages),
        "receiver": transfer.facility.site.organisation_id == mine,
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


def require_party(transfer: Transfer, party: Acting, who: str) -> None:
    """Refuse acts in the name of a party that one does not act for."""
    if who not in standing_in(transfer, party).parties:
        zh, en = "只有该方单位可以操作", "only this party's organisation does this"
        raise NotAllowed("not_a_party", zh, en)
