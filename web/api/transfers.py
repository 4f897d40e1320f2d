"""Transfers: drafted, signed, on their way, closed.

Our record replaces no national manifest: 平台转移记录，不替代国家危险废物转移联单.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from circularity.custody.carriers import Carrier
from circularity.custody.drafting import Load, draft_transfer
from circularity.custody.manifests import Transfer
from circularity.custody.official_numbers import set_official_number
from circularity.custody.redrafting import change_draft, draft_of
from circularity.custody.refusals import send_back, take_back
from circularity.custody.signatures import sign
from circularity.custody.transfers import arrive, cancel, close
from circularity.deals.contract import Agreement
from circularity.errors import BadInput, InputProblem
from circularity.organisations import Organisation
from circularity.party_listings import transfers_seen
from web.api.blueprint import ApiBlueprint
from web.api.codes import verb_arguments
from web.api.lookups import by_public_id, named_in_body
from web.api.paging import Paging
from web.api.transfer_answers import transfer_shown
from web.api.transfer_schemas import (
    SignatureCreate,
    TransferAnswer,
    TransferChange,
    TransferCreate,
    TransferQuery,
    TransferRedraft,
)
from web.api.writing import ACTOR, is_writable, now
from web.permission_check import may_tell, only_concerned
from web.session import read_session

blp = ApiBlueprint("transfers", "Waste on its way under an agreement; no substitute for a national manifest.")

_LOADED = (
    joinedload(Transfer.sender_site),
    joinedload(Transfer.facility),
    joinedload(Transfer.agreement),
    selectinload(Transfer.lines),
    selectinload(Transfer.signatures),
)
_ONE = "/transfers/<public_id:transfer_id>"
_LOCATED = {"located": "transfers.get_transfer", "by": "transfer_id"}


@blp.read("/transfers", TransferAnswer, many=True, query=TransferQuery)
def list_transfers(query: dict[str, Any]) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List transfers, newest first."""
    rows, headers = Paging.of(query).of_statement(read_session(), _wanted(query))
    return [_shown(transfer) for transfer in rows], headers


@blp.read(_ONE, TransferAnswer)
def get_transfer(transfer_id: str) -> dict[str, Any]:
    """Read one transfer."""
    return _shown(by_public_id(read_session(), Transfer, transfer_id, *_LOADED))


@blp.create("/transfers", TransferCreate, TransferAnswer, **_LOCATED)
def create_transfer(session: Session, body: dict[str, Any]) -> dict[str, Any]:
    """Draft a transfer under an agreement, from the agreement's site."""
    agreement = named_in_body(session, Agreement, "agreement_id", body["agreement_id"])
    loads = [_load(session, line) for line in body.pop("lines")]
    carriers = [carrier_of(session, carrier) for carrier in body.pop("carriers")]
    transfer = draft_transfer(
        session,
        actor=ACTOR,
        at=now(),
        agreement=agreement,
        sender_site=agreement.site,
        lines=loads,
        carriers=carriers,
        **verb_arguments(body),
    )
    session.flush()
    return _shown(transfer)


@blp.change(f"{_ONE}/draft", TransferRedraft, TransferAnswer)
def change_transfer_draft(session: Session, body: dict[str, Any], transfer_id: str) -> dict[str, Any]:
    """Let a draft say something else, as its sender, while nobody has signed it."""
    transfer = by_public_id(session, Transfer, transfer_id, *_LOADED)
    blp.check_etag(_shown(transfer), TransferAnswer)
    number = body.pop("official_number", None)
    if "agreement_id" in body:
        named = body.pop("agreement_id")
        body["agreement"] = named_in_body(session, Agreement, "agreement_id", named)
    if "lines" in body:
        body["lines"] = [_load(session, line) for line in body["lines"]]
    if "carriers" in body:
        body["carriers"] = [carrier_of(session, carrier) for carrier in body["carriers"]]
    change_draft(
        session,
        actor=ACTOR,
        at=now(),
        transfer=transfer,
        version=transfer.version,
        draft=replace(draft_of(transfer), **body),
        official_number=number,
    )
    return _shown(transfer)


@blp.create(f"{_ONE}/signatures", SignatureCreate, TransferAnswer, **_LOCATED)
def sign_transfer(session: Session, body: dict[str, Any], transfer_id: str) -> dict[str, Any]:
    """Sign as the sender, which submits, or as a carrier, which picks up or takes over."""
    transfer = by_public_id(session, Transfer, transfer_id, *_LOADED)
    organisation = named_in_body(session, Organisation, "organisation_id", body["organisation_id"])
    arguments = verb_arguments(body)
    sign(session, actor=ACTOR, at=now(), transfer=transfer, organisation=organisation, **arguments)
    return _shown(transfer)


@blp.change(_ONE, TransferChange, TransferAnswer)
def change_transfer(session: Session, body: dict[str, Any], transfer_id: str) -> dict[str, Any]:
    """Take one step, or enter the number of the national manifest."""
    transfer = by_public_id(session, Transfer, transfer_id, *_LOADED)
    blp.check_etag(_shown(transfer), TransferAnswer)
    if not body.keys() & {"act", "official_number"}:
        zh, en = "须填写 act 或 official_number", "act or official_number is wanted"
        raise BadInput([InputProblem("body", None, "act", "empty", "", zh, en)])
    facts: dict[str, Any] = {"actor": ACTOR, "at": now(), "transfer": transfer}
    if "official_number" in body:
        set_official_number(session, **facts, number=body["official_number"])
    if "act" in body:
        _ACTS[body["act"]](session, facts, body)
    session.flush()
    return _shown(transfer)


_Step = Callable[[Session, dict[str, Any], dict[str, Any]], None]
_ACTS: dict[str, _Step] = {
    "arrive": lambda session, facts, _: arrive(session, **facts),
    "cancel": lambda session, facts, body: cancel(session, **facts, reason=body.get("reason", "")),
    "send_back": lambda session, facts, body: send_back(session, **facts, who=body.get("by", "receiver")),
    "take_back": lambda session, facts, _: take_back(session, **facts),
    "close": lambda session, facts, _: close(session, **facts),
}


def _shown(transfer: Transfer) -> dict[str, Any]:
    """Name parties and weights only to its parties and their authorities, or in a trial."""
    return transfer_shown(transfer, exact=may_tell(transfer, otherwise=is_writable()))


def _load(session: Session, line: dict[str, Any]) -> Load:
    named = line.pop("agreement_id", None)
    other = named_in_body(session, Agreement, "lines.agreement_id", named) if named else None
    return Load(**line, agreement=other)


def carrier_of(session: Session, carrier: dict[str, Any]) -> Carrier:
    """Return a carrier as a body names it; raises BadInput for an unknown organisation."""
    named = carrier.pop("organisation_id")
    organisation = named_in_body(session, Organisation, "carriers.organisation_id", named)
    permitted = tuple(carrier.pop("permitted"))
    return Carrier(organisation, **carrier, permitted=permitted)


def _wanted(query: dict[str, Any]) -> Select[Transfer]:
    wanted = select(Transfer).options(*_LOADED).order_by(Transfer.id.desc())
    wanted = wanted.where(*only_concerned(transfers_seen))
    for name in ("status", "metering"):
        if name in query:
            wanted = wanted.where(getattr(Transfer, name) == query[name])
    return wanted
