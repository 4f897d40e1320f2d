"""Signatures: each party seals the whole document and answers for its own fields (see `custody.seals`).

Signing is the act itself: the sender's signature submits, a carrier's picks up or takes over. The receiver's
is given within its verdict (`receipts`), which then takes the step.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.custody.carriers import take_over
from circularity.custody.departures import leave
from circularity.custody.held_transfers import locked
from circularity.custody.manifest_document import document_of
from circularity.custody.manifests import SIGNERS, Carriage, Signature, Transfer
from circularity.custody.seals import faults_against, seal_over
from circularity.errors import NotAllowed, RuleBroken
from circularity.fields import Checks
from circularity.lifecycle import legal_acts, next_step
from circularity.organisations import Organisation

_VERDICTS = ("accept", "accept_part", "refuse")


def sign(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    transfer: Transfer,
    signer: str,
    organisation: Organisation,
    person: str,
    carriage: int = 0,
) -> Signature:
    """Sign as the sender, as the carrier numbered `carriage` or as the receiver, and take that step.

    Raises BadInput; NotAllowed `not_a_party` for anybody else's organisation; RuleBroken `illegal_step`,
    `seal_broken`, and what `departures.leave` and `carriers.take_over` raise.
    """
    locked(session, transfer)
    return sign_held(
        session,
        actor=actor,
        at=at,
        transfer=transfer,
        signer=signer,
        organisation=organisation,
        person=person,
        carriage=carriage,
    )


def sign_held(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    transfer: Transfer,
    signer: str,
    organisation: Organisation,
    person: str,
    carriage: int = 0,
) -> Signature:
    """Sign as `sign` does, within an act that has taken the transfer's row already."""
    checks = Checks("signature")
    checks.word("signer", signer, SIGNERS)
    person = checks.text("person", person, maximum=100)
    checks.finish()
    part = _carriage(transfer, carriage) if signer == "carrier" else None
    _require_party(transfer, signer, part, organisation)
    if signer == "sender":
        leave(session, at=at, transfer=transfer)
    elif part is not None:
        take_over(session, at=at, transfer=transfer, carriage=part)
    elif not set(_VERDICTS) & set(legal_acts(transfer.lifecycle, transfer.status, "receiver")):
        next_step(transfer.lifecycle, transfer.status, "accept", "receiver")
    elif any(row.signer == "receiver" for row in transfer.signatures):
        raise RuleBroken(
            "illegal_step", "收货方已签署", "the receiver has signed already", legal=(), allowed=()
        )
    session.flush()
    document = document_of(session, transfer)
    _require_whole(transfer, document)
    made = seal_over(
        session,
        transfer=transfer,
        document=document,
        at=at,
        signer=signer,
        organisation=organisation,
        person=person,
        carriage=part.number if part else 0,
        revision=0,
    )
    facts = {"signer": signer, "carriage": made.carriage, "person": person, "digest": made.digest}
    record(session, actor, at, "transfer.signed", transfer, facts)
    return made


def _require_whole(transfer: Transfer, now: dict[str, Any]) -> None:
    faults = faults_against(transfer, now)
    if faults:
        zh, en = "已签署的内容被改动，不能继续签署", "what was signed has been changed; nobody signs on top"
        raise RuleBroken("seal_broken", zh, en, faults=[asdict(fault) for fault in faults])


def _carriage(transfer: Transfer, number: int) -> Carriage:
    for carriage in transfer.carriages:
        if carriage.number == number:
            return carriage
    zh, en = f"没有第 {number} 承运人", f"there is no carrier numbered {number}"
    raise RuleBroken("no_such_carrier", zh, en, field="carriage", carriage=number)


def _require_party(
    transfer: Transfer, signer: str, carriage: Carriage | None, organisation: Organisation
) -> None:
    parties = {"sender": transfer.sender_site.organisation, "receiver": transfer.facility.site.organisation}
    wanted = carriage.organisation if carriage else parties[signer]
    if organisation.id != wanted.id:
        zh, en = "只有该方单位可以签署", "only this party's organisation signs here"
        raise NotAllowed("not_a_party", zh, en, signer=signer)
