"""Signatures: each seals the whole document and the signature before it, and answers for its own fields.

Signing is the act itself: the sender's signature submits, a carrier's picks up or takes over. The receiver's
is given within its verdict (`receipts`), which then takes the step.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session, object_session

from circularity.audit import Actor, record
from circularity.columns import canonical_json, utc
from circularity.custody.carriers import take_over
from circularity.custody.departures import leave
from circularity.custody.manifest_document import document_of, sealed_part
from circularity.custody.manifests import SIGNERS, Carriage, Signature, Transfer
from circularity.custody.transfers import locked
from circularity.errors import NotAllowed, RuleBroken
from circularity.fields import Checks
from circularity.lifecycle import legal_acts, next_step
from circularity.organisations import Organisation

START = "0" * 64
"""What the first signature of a transfer follows."""

_VERDICTS = ("accept", "accept_part", "refuse")

PARTS_ZH = {
    "number": "转移编号",
    "agreement": "协议",
    "refused_transfer": "被拒收的转移",
    "metering": "计量方式",
    "conveyance": "运输方式",
    "vehicle": "车船牌号",
    "day_from": "起始日",
    "day_to": "截止日",
    "load_place_e7": "装货地点",
    "sender": "移出方",
    "receiver": "接收方",
    "lines": "废物明细",
    "carriage": "承运信息",
    "reception": "接收记录",
    "official_number": "国家联单编号",
}
"""What Chinese readers call the parts of a document."""


@dataclass(frozen=True, slots=True)
class SealFault:
    """One thing wrong with the signatures of a transfer; `code` is stable, both sentences tell it."""

    code: str
    zh: str
    en: str


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
    checks = Checks("signature")
    checks.word("signer", signer, SIGNERS)
    person = checks.text("person", person, maximum=100)
    checks.finish()
    locked(session, transfer)
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
    _require_whole(transfer)
    made = seal(
        session,
        transfer=transfer,
        at=at,
        signer=signer,
        organisation=organisation,
        person=person,
        carriage=part.number if part else 0,
    )
    facts = {"signer": signer, "carriage": made.carriage, "person": person, "digest": made.digest}
    record(session, actor, at, "transfer.signed", transfer, facts)
    return made


def seal(
    session: Session,
    *,
    transfer: Transfer,
    at: datetime,
    signer: str,
    organisation: Organisation,
    person: str,
    carriage: int = 0,
    revision: int = 0,
) -> Signature:
    """Write a signature over the document as it now is, after the last one."""
    session.flush()
    last = transfer.signatures[-1] if transfer.signatures else None
    made = Signature(
        number=last.number + 1 if last else 1,
        revision=revision,
        signer=signer,
        carriage=carriage,
        organisation=organisation,
        person=person,
        signed_at=utc(at),
        document=document_of(session, transfer),
        previous=last.digest if last else START,
    )
    made.digest = _digest(transfer, made)
    transfer.signatures.append(made)
    session.flush()
    return made


def verify_signatures(transfer: Transfer) -> list[SealFault]:
    """Recompute every digest and compare what was sealed with what stands; empty when all of it holds."""
    session = object_session(transfer)
    if session is None:
        raise ValueError("the transfer belongs to no session")
    found: list[SealFault] = []
    previous = START
    for number, signature in enumerate(transfer.signatures, 1):
        if signature.number != number:
            zh = f"第 {signature.number} 个签名之前缺少第 {number} 个签名"
            en = f"signature {number} is missing before signature {signature.number}"
            found.append(SealFault("signature_missing", zh, en))
        if signature.previous != previous:
            zh = f"第 {signature.number} 个签名与前一签名不衔接"
            en = f"signature {signature.number} does not follow the one before it"
            found.append(SealFault("chain_broken", zh, en))
        if _digest(transfer, signature) != signature.digest:
            zh = f"第 {signature.number} 个签名与其所签内容不符"
            en = f"signature {signature.number} is not over what it holds"
            found.append(SealFault("digest_differs", zh, en))
        previous = signature.digest
    session.flush()
    return found + _changed_since(transfer, document_of(session, transfer))


def _changed_since(transfer: Transfer, now: dict[str, Any]) -> list[SealFault]:
    """Compare with the newest signature of each party: what it answers for must stand unchanged."""
    newest = {(row.signer, row.carriage): row for row in transfer.signatures}
    found = []
    for (signer, carriage), signature in newest.items():
        sealed, stands = (sealed_part(doc, signer, carriage) for doc in (signature.document, now))
        found += [
            _changed(field, signature)
            for field in sealed
            if canonical_json(sealed[field]) != canonical_json(stands[field])
        ]
        official = signature.document["official_number"]
        if official is not None and official != now["official_number"]:
            found.append(_changed("official_number", signature))
    return found


def _changed(field: str, signature: Signature) -> SealFault:
    zh = f"第 {signature.number} 个签名之后,{PARTS_ZH[field]}被改动"
    en = f"{field} was changed after signature {signature.number} sealed it"
    return SealFault("changed_after_signing", zh, en)


def _digest(transfer: Transfer, signature: Signature) -> str:
    """Return the SHA-256 over the signature's own facts, its document and the digest before."""
    sealed = [
        transfer.public_id,
        signature.number,
        signature.revision,
        signature.signer,
        signature.carriage,
        signature.organisation.public_id,
        signature.person,
        utc(signature.signed_at).isoformat(timespec="microseconds"),
        signature.document,
        signature.previous,
    ]
    return hashlib.sha256(canonical_json(sealed).encode()).hexdigest()


def _require_whole(transfer: Transfer) -> None:
    faults = verify_signatures(transfer)
    if faults:
        zh, en = "已签署的内容被改动,不能继续签署", "what was signed has been changed; nobody signs on top"
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
