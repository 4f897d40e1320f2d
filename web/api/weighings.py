"""Weighings of a transfer: tickets of weighbridges, readings of meters, surveys of barges, by either side.

Each side adds its own until it signs; both may read what either has weighed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, contains_eager

from circularity.custody.cleared_weighings import clear_weighings
from circularity.custody.manifests import Transfer, TransferLine
from circularity.custody.sheets import Weighing, add_reading, add_tickets
from circularity.custody.weighings import MeterReading, Ticket
from web.api.acting import acting_for, seen_transfer
from web.api.blueprint import OWN, ApiBlueprint
from web.api.lookups import by_public_id
from web.api.paging import Paging
from web.api.weighing_schemas import (
    ReadingAnswer,
    ReadingCreate,
    ReadingMade,
    TicketAnswer,
    TicketsAnswer,
    TicketsCreate,
    WeighingQuery,
    WeighingsClear,
    WeighingsCleared,
)
from web.api.writing import ACTOR, now
from web.session import read_session

blp = ApiBlueprint("weighings", "What was weighed of a transfer: tickets, meters, draught surveys.")

_ONE = "/transfers/<public_id:transfer_id>"
_OWN_ONE = f"{OWN}{_ONE}"
_LOCATED = {"located": "transfers.get_transfer", "by": "transfer_id"}


@blp.read(f"{_OWN_ONE}/tickets", TicketAnswer, many=True, query=WeighingQuery)
def list_tickets(
    query: dict[str, Any], organisation_id: str, transfer_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List the tickets of a party's transfer, in the order of their time."""
    wanted = _of(Ticket, organisation_id, transfer_id, query).order_by(Ticket.weighed_at, Ticket.ticket_no)
    rows, headers = Paging.of(query).of_statement(read_session(), wanted)
    names = ("side", "ticket_no", "plate", "weighed_at", "gross_kg", "tare_kg", "net_kg")
    return [_shown(row, names) for row in rows], headers


@blp.read(f"{_OWN_ONE}/readings", ReadingAnswer, many=True, query=WeighingQuery)
def list_readings(
    query: dict[str, Any], organisation_id: str, transfer_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List the readings and surveys of a party's transfer, in the order of their time."""
    wanted = _of(MeterReading, organisation_id, transfer_id, query)
    wanted = wanted.order_by(MeterReading.read_at, MeterReading.meter)
    rows, headers = Paging.of(query).of_statement(read_session(), wanted)
    names = ("side", "kind", "meter", "read_at", "mass_kg", "figures")
    return [_shown(row, names) for row in rows], headers


@blp.create(f"{_ONE}/tickets", TicketsCreate, TicketsAnswer, **_LOCATED)
def create_tickets(session: Session, body: dict[str, Any], transfer_id: str) -> dict[str, Any]:
    """Add weighbridge tickets to a line; what is there already is ignored, what cannot be taken is told."""
    transfer = by_public_id(session, Transfer, transfer_id)
    rows = [Weighing(**ticket, row=place) for place, ticket in enumerate(body.pop("tickets"), 1)]
    done = add_tickets(session, actor=ACTOR, at=now(), transfer=transfer, rows=rows, **body)
    problems = [problem.as_dict() for problem in done.problems]
    return {"id": transfer_id, "added": done.added, "ignored": done.ignored, "problems": problems}


@blp.create(f"{_ONE}/readings", ReadingCreate, ReadingMade, **_LOCATED)
def create_reading(session: Session, body: dict[str, Any], transfer_id: str) -> dict[str, Any]:
    """Add a reading of a belt scale or flow meter, or a survey of a barge's draught, to a line."""
    transfer = by_public_id(session, Transfer, transfer_id)
    added = add_reading(session, actor=ACTOR, at=now(), transfer=transfer, **body)
    return {"id": transfer_id, "added": added}


@blp.create(f"{_ONE}/weighing-clearings", WeighingsClear, WeighingsCleared, **_LOCATED)
def clear_side(session: Session, body: dict[str, Any], transfer_id: str) -> dict[str, Any]:
    """Take all that a side has weighed out again, before it signs: the wrong file, or the wrong line."""
    transfer = by_public_id(session, Transfer, transfer_id)
    dropped = clear_weighings(session, actor=ACTOR, at=now(), transfer=transfer, side=body["side"])
    return {"id": transfer_id, "dropped": dropped}


def _of(
    model: type[Ticket | MeterReading], organisation_id: str, transfer_id: str, query: dict[str, Any]
) -> Select[Any]:
    """Return the weighings of a transfer that the party may see; raises NotFound."""
    session = read_session()
    transfer = seen_transfer(session, acting_for(session, organisation_id), transfer_id)
    wanted = select(model).join(model.line).options(contains_eager(model.line))
    wanted = wanted.where(TransferLine.transfer_id == transfer.id)
    if "side" in query:
        wanted = wanted.where(model.side == query["side"])
    return wanted.where(TransferLine.number == query["line"]) if "line" in query else wanted


def _shown(row: Ticket | MeterReading, names: Sequence[str]) -> dict[str, Any]:
    return {"line": row.line.number} | {name: getattr(row, name) for name in names}
