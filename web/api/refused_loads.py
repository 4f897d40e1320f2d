"""Refused loads: where they stand, who could take them on, and the trip that takes them there.

A refusal is one transaction; what could be done with the load is asked after it, of what stands by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from circularity.custody.manifests import Transfer, TransferLine
from circularity.custody.refusals import REFUSED, refused_of, rematch_refused
from circularity.deals.contract import Agreement
from circularity.organisations import DEGREES_E7
from circularity.party_listings import agreements_seen, sites_seen
from matching.advice.refused_loads import outlets_for_load
from web.api.acting import Party, acting_for, require_at, seen_transfer
from web.api.blueprint import OWN, ApiBlueprint
from web.api.disclosure import facility_named, is_public, place_shown
from web.api.lookups import named_in_body
from web.api.paging import Paged, Paging
from web.api.recommendations import advice_shown
from web.api.refused_load_schemas import RefusedAnswer, RefusedWithWaysAnswer, RematchCreate
from web.api.transfer_answers import transfer_shown
from web.api.transfer_schemas import TransferAnswer
from web.api.transfers import carrier_of
from web.api.writing import now
from web.permission_check import note_shown, told_of
from web.session import live_receivers, read_session

blp = ApiBlueprint("refused_loads", "Refused mass, re-matched from where it is.")

OUTLETS = 10
_ONE = f"{OWN}/transfers/<public_id:transfer_id>"


@blp.read(f"{OWN}/refused-loads", RefusedAnswer, many=True, query=Paged)
def list_refused_loads(
    query: dict[str, Any], organisation_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List the loads of a sender that wait at a receiver's gate, refused in whole or in part."""
    session = read_session()
    rows, headers = Paging.of(query).of_statement(session, _refused(acting_for(session, organisation_id)))
    note_shown(rows)
    return [_shown(session, transfer) for transfer in rows], headers


@blp.read(f"{_ONE}/refused-load", RefusedWithWaysAnswer)
def get_refused_load(organisation_id: str, transfer_id: str) -> dict[str, Any]:
    """Read what was refused, the agreements that could take it, and lawful outlets from where it is."""
    session = read_session()
    party = acting_for(session, organisation_id)
    transfer = _own(session, party, transfer_id)
    lines = [_with_ways(session, party, line, mass_kg) for line, mass_kg in refused_of(session, transfer)]
    return _shown(session, transfer) | {"lines": lines}


@blp.create(
    f"{_ONE}/rematch", RematchCreate, TransferAnswer, located="transfers.get_transfer", by="transfer_id"
)
def rematch_load(
    session: Session, body: dict[str, Any], organisation_id: str, transfer_id: str
) -> dict[str, Any]:
    """Draft the trip that takes all refused mass on from where it is; signing it re-matches the load."""
    party = acting_for(session, organisation_id)
    drafted = rematch_refused(
        session,
        actor=party.actor,
        at=now(),
        transfer=_own(session, party, transfer_id),
        agreements=[_agreement(session, party, named) for named in body["agreement_ids"]],
        carriers=[carrier_of(session, carrier) for carrier in body["carriers"]],
        place=_place(body.get("place")),
        **{name: body[name] for name in ("conveyance", "vehicle", "day")},
    )
    session.flush()
    return transfer_shown(drafted, exact=True)


def _refused(party: Party) -> Select[Transfer]:
    return (
        select(Transfer)
        .where(
            Transfer.sender_site_id.in_(sites_seen(party.organisation, party.side, party.sites)),
            Transfer.status.in_(REFUSED),
            told_of(Transfer),
        )
        .options(joinedload(Transfer.facility), selectinload(Transfer.lines))
        .order_by(Transfer.id.desc())
    )


def _own(session: Session, party: Party, transfer_id: str) -> Transfer:
    transfer = seen_transfer(session, party, transfer_id)
    require_at(party, transfer.sender_site)
    return transfer


def _agreement(session: Session, party: Party, public_id: str) -> Agreement:
    theirs = agreements_seen(party.organisation, party.side, party.sites)
    return named_in_body(session, Agreement, "agreement_ids", public_id, theirs)


def _place(sent: dict[str, int] | None) -> tuple[float, float] | None:
    return None if sent is None else (sent["lat_e7"] / DEGREES_E7, sent["lon_e7"] / DEGREES_E7)


def _shown(session: Session, transfer: Transfer) -> dict[str, Any]:
    return {
        "id": transfer.public_id,
        "number": transfer.number,
        "status": transfer.status,
        "refused_by": facility_named(transfer.facility),
        "place": place_shown(transfer.facility.site),
        "lines": [_line(line, mass_kg) for line, mass_kg in refused_of(session, transfer)],
    }


def _line(line: TransferLine, mass_kg: int) -> dict[str, Any]:
    return {"number": line.number, "waste_code": line.waste_code, "refused_kg": mass_kg}


def _with_ways(session: Session, party: Party, line: TransferLine, mass_kg: int) -> dict[str, Any]:
    outlets = outlets_for_load(live_receivers(), session, line, mass_kg, at=now(), limit=OUTLETS)
    return _line(line, mass_kg) | {
        "agreements": [_taking(agreement) for agreement in _could_take(session, party, line)],
        "outlets": [
            advice_shown(advice, advice.window.offered_kg, exact=is_public(advice.window))
            for advice in outlets
        ],
    }


def _could_take(session: Session, party: Party, line: TransferLine) -> Sequence[Agreement]:
    """Return the sender's agreements in force about this waste with any other plant."""
    transfer = line.transfer
    agreed = select(Agreement).where(
        agreements_seen(party.organisation, party.side, party.sites),
        Agreement.site_id == transfer.sender_site_id,
        Agreement.facility_id != transfer.facility_id,
        Agreement.waste_code == line.waste_code,
        Agreement.status == "agreed",
    )
    return session.scalars(agreed.options(selectinload(Agreement.offers)).order_by(Agreement.id)).all()


def _taking(agreement: Agreement) -> dict[str, Any]:
    return {
        "agreement_id": agreement.public_id,
        "number": agreement.number,
        "facility": facility_named(agreement.facility),
        "operation": agreement.operation,
        "valid_to": agreement.offer.valid_to,
        "left_kg": agreement.offer.mass_kg - agreement.shipped_kg,
    }
