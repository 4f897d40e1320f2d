"""How a load of hazardous waste was kept and handled, as its sender's ledger records it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from circularity.custody.line_handling import handlings_of, tell_handling
from circularity.custody.manifests import Transfer, TransferLine
from circularity.errors import NotFound
from circularity.ledger.handling import Handling
from web.api.acting import acting_for, seen_transfer
from web.api.batch_schemas import HandlingsAnswer, HandlingsCreate, HandlingsQuery, LineHandlingAnswer, told
from web.api.blueprint import OWN, ApiBlueprint
from web.api.lookups import by_public_id
from web.api.paging import Paging
from web.api.writing import ACTOR, now
from web.session import read_session

blp = ApiBlueprint(
    "handlings", "Containers, stores and handlers of hazardous loads, for the sender's ledger."
)

_ONE = "/transfers/<public_id:transfer_id>"


@blp.read(f"{OWN}{_ONE}/handlings", LineHandlingAnswer, many=True, query=HandlingsQuery)
def list_handlings(
    query: dict[str, Any], organisation_id: str, transfer_id: str
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List what is told of the lines of a load; only its sender and authorities see any."""
    session = read_session()
    party = acting_for(session, organisation_id)
    transfer = seen_transfer(session, party, transfer_id)
    shown = _shown(session, transfer) if party.watches or party.acts_at(transfer.sender_site) else []
    return Paging.of(query).of_list(shown)


@blp.create(
    f"{_ONE}/handlings",
    HandlingsCreate,
    HandlingsAnswer,
    located="transfers.get_transfer",
    by="transfer_id",
)
def tell_handlings(session: Session, body: dict[str, Any], transfer_id: str) -> dict[str, Any]:
    """Tell how lines of a load were kept and handled before it left; no part of the signed document."""
    transfer = by_public_id(session, Transfer, transfer_id)
    lines = {line.number: line for line in transfer.lines}
    for row in body["lines"]:
        line = _named(lines, row["line"])
        tell_handling(session, actor=ACTOR, at=now(), line=line, handling=Handling(**told(row)))
    named = {row["line"] for row in body["lines"]}
    return {"id": transfer_id, "lines": [row for row in _shown(session, transfer) if row["line"] in named]}


def _shown(session: Session, transfer: Transfer) -> list[dict[str, Any]]:
    known = handlings_of(session, transfer.lines)
    lines = [line for line in transfer.lines if line.id in known]
    return [{"line": line.number, **asdict(known[line.id])} for line in lines]


def _named(lines: dict[int, TransferLine], number: int) -> TransferLine:
    if number not in lines:
        zh, en = f"没有第 {number} 行", f"there is no line {number}"
        raise NotFound("line", zh, en, line=number)
    return lines[number]
