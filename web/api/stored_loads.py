"""Loads that a collector stores, and what of them leaves together: fractions of an outgoing line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema
from marshmallow.fields import Boolean, Date, List, Nested, String
from marshmallow.validate import Length
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, joinedload

from circularity.custody.grouping import fractions_of, group_onto, grouped_kg, ungroup
from circularity.custody.manifests import Transfer, TransferLine
from circularity.custody.reception import Fraction, Receipt
from circularity.errors import BadInput, InputProblem
from circularity.party_listings import facilities_seen
from circularity.registry.entitlements import Facility
from web.api.acting import Party, acting_for, require_at, seen_transfer
from web.api.blueprint import OWN, ApiBlueprint
from web.api.codes import CODE_LENGTH, PUBLIC_ID
from web.api.disclosure import organisation_shown
from web.api.lookups import named_in_body
from web.api.paging import Paged, Paging
from web.api.quantities import Tonnes, WholeNumber
from web.api.shapes import Answer, OrganisationName
from web.api.writing import now
from web.permission_check import note_shown, told_of
from web.session import read_session

blp = ApiBlueprint("stored_loads", "What collectors store of others, and how it leaves grouped.")

_LINE = {"minimum": 1, "maximum": 1000}
_OUT = f"{OWN}/transfers/<public_id:transfer_id>/fractions"
_LEFT_KG = Receipt.accepted_kg - Receipt.forwarded_kg - Receipt.treated_kg


class StoredQuery(Paged):
    """Which loads."""

    waste_code = String(validate=CODE_LENGTH)


class FractionCreate(Schema):
    """A stored load that leaves; without a mass all that remains of it."""

    receipt_id = String(required=True, validate=PUBLIC_ID)
    mass_t = Tonnes(least=1, attribute="mass_kg", load_default=None)


class FractionsCreate(Schema):
    """What one line of a draft takes of stored loads."""

    line = WholeNumber(**_LINE, load_default=1)
    instead = Boolean(
        truthy={True},
        falsy={False},
        load_default=False,
        metadata={"description": "in the place of what the line has taken so far"},
    )
    fractions = List(Nested(FractionCreate), required=True, validate=Length(min=1, max=500))


class StoredLoadAnswer(Answer):
    """One load that a collector stores; `left_t` has neither been sent on nor treated."""

    receipt_id = String()
    transfer_id = String()
    transfer_number = String()
    facility_id = String()
    generator = Nested(OrganisationName)
    waste_code = String()
    received_on = Date()
    accepted_t = Tonnes(attribute="accepted_kg")
    left_t = Tonnes(attribute="left_kg")


class FractionAnswer(Answer):
    """One load's part of a line."""

    receipt_id = String()
    transfer_number = String(metadata={"description": "the transfer that brought it"})
    generator = Nested(OrganisationName)
    mass_t = Tonnes(attribute="mass_kg")


class GroupedLineAnswer(Answer):
    """One line and the stored loads that it takes."""

    number = WholeNumber(**_LINE)
    waste_code = String()
    sent_t = Tonnes(attribute="sent_kg")
    grouped_t = Tonnes(attribute="grouped_kg")
    fractions = List(Nested(FractionAnswer))


class FractionsAnswer(Answer):
    """A transfer's lines with their fractions; `id` is the transfer's."""

    id = String()
    lines = List(Nested(GroupedLineAnswer))


@blp.read(f"{OWN}/stored-loads", StoredLoadAnswer, many=True, query=StoredQuery)
def list_stored_loads(
    query: dict[str, Any], organisation_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List the loads that a party's collectors store, the oldest first."""
    session = read_session()
    wanted = _stored(acting_for(session, organisation_id))
    if "waste_code" in query:
        wanted = wanted.where(TransferLine.waste_code == query["waste_code"])
    rows, headers = Paging.of(query).of_statement(session, wanted)
    note_shown(receipt.line.transfer for receipt in rows)
    return [_load(receipt) for receipt in rows], headers


@blp.read(_OUT, FractionsAnswer)
def get_fractions(organisation_id: str, transfer_id: str) -> dict[str, Any]:
    """Read which stored loads the lines of a party's own transfer take."""
    session = read_session()
    return _fractions(session, _own_transfer(session, acting_for(session, organisation_id), transfer_id))


@blp.create(_OUT, FractionsCreate, FractionsAnswer, located="stored_loads.get_fractions", by="transfer_id")
def create_fractions(
    session: Session, body: dict[str, Any], organisation_id: str, transfer_id: str
) -> dict[str, Any]:
    """Put mass of stored loads onto a line of a draft, never more than remains of each."""
    party = acting_for(session, organisation_id)
    transfer = _own_transfer(session, party, transfer_id)
    parts = [
        (named_in_body(session, Receipt, "fractions.receipt_id", part["receipt_id"], _theirs(party)), part)
        for part in body["fractions"]
    ]
    facts: dict[str, Any] = {"actor": party.actor, "at": now(), "line": _line(transfer, body["line"])}
    if body["instead"]:
        ungroup(session, **facts)
    group_onto(session, **facts, fractions=[(receipt, part["mass_kg"]) for receipt, part in parts])
    return _fractions(session, transfer)


def _theirs(party: Party) -> ColumnElement[bool]:
    return Receipt.facility_id.in_(facilities_seen(party.organisation, party.side, party.sites))


def _stored(party: Party) -> Select[Receipt]:
    return (
        select(Receipt)
        .join(Receipt.line)
        .join(Receipt.facility)
        .where(_theirs(party), told_of(Receipt), Facility.kind == "collector", _LEFT_KG > 0)
        .options(joinedload(Receipt.line).joinedload(TransferLine.transfer), joinedload(Receipt.facility))
        .order_by(Receipt.received_on, Receipt.id)
    )


def _own_transfer(session: Session, party: Party, transfer_id: str) -> Transfer:
    transfer = seen_transfer(session, party, transfer_id)
    require_at(party, transfer.sender_site)
    return transfer


def _line(transfer: Transfer, number: int) -> TransferLine:
    line = next((line for line in transfer.lines if line.number == number), None)
    if line is None:
        zh, en = f"没有第 {number} 行", f"there is no line {number}"
        raise BadInput([InputProblem("body", None, "line", "no_such_line", str(number), zh, en)])
    return line


def _load(receipt: Receipt) -> dict[str, Any]:
    return _brought_by(receipt) | {
        "transfer_id": receipt.line.transfer.public_id,
        "facility_id": receipt.facility.public_id,
        "waste_code": receipt.line.waste_code,
        "received_on": receipt.received_on,
        "accepted_kg": receipt.accepted_kg,
        "left_kg": receipt.accepted_kg - receipt.forwarded_kg - receipt.treated_kg,
    }


def _brought_by(receipt: Receipt) -> dict[str, Any]:
    transfer = receipt.line.transfer
    return {
        "receipt_id": receipt.public_id,
        "transfer_number": transfer.number,
        "generator": organisation_shown(transfer.sender_site.organisation),
    }


def _fractions(session: Session, transfer: Transfer) -> dict[str, Any]:
    return {"id": transfer.public_id, "lines": [_grouped(session, line) for line in transfer.lines]}


def _grouped(session: Session, line: TransferLine) -> dict[str, Any]:
    def part(fraction: Fraction) -> dict[str, Any]:
        return _brought_by(fraction.receipt) | {"mass_kg": fraction.mass_kg}

    return {
        "number": line.number,
        "waste_code": line.waste_code,
        "sent_kg": line.sent_kg,
        "grouped_kg": grouped_kg(session, line),
        "fractions": [part(fraction) for fraction in fractions_of(session, line)],
    }
