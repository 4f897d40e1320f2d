"""Seals: what a signature is over, and whether what was sealed still stands.

Each seals the whole document with the digest of the signature before it, so that nothing that was signed can
be changed, taken out or put in between without being found.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session, object_session

from circularity.columns import canonical_json, utc
from circularity.custody.manifest_document import document_of, sealed_part
from circularity.custody.manifests import Signature, Transfer
from circularity.organisations import Organisation

START = "0" * 64
"""What the first signature of a transfer follows."""

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
    return seal_over(
        session,
        transfer=transfer,
        document=document_of(session, transfer),
        at=at,
        signer=signer,
        organisation=organisation,
        person=person,
        carriage=carriage,
        revision=revision,
    )


def verify_signatures(transfer: Transfer) -> list[SealFault]:
    """Recompute every digest and compare what was sealed with what stands; empty when all of it holds."""
    session = object_session(transfer)
    if session is None:
        raise ValueError("the transfer belongs to no session")
    session.flush()
    return faults_against(transfer, document_of(session, transfer))


def seal_over(  # noqa: PLR0913 - a seal names every fact it is over
    session: Session,
    *,
    transfer: Transfer,
    document: dict[str, Any],
    at: datetime,
    signer: str,
    organisation: Organisation,
    person: str,
    carriage: int,
    revision: int,
) -> Signature:
    """Write a signature over a document that was made of the transfer as it now is."""
    last = transfer.signatures[-1] if transfer.signatures else None
    made = Signature(
        number=last.number + 1 if last else 1,
        revision=revision,
        signer=signer,
        carriage=carriage,
        organisation=organisation,
        person=person,
        signed_at=utc(at),
        document=document,
        previous=last.digest if last else START,
    )
    made.digest = _digest(transfer, made)
    transfer.signatures.append(made)
    session.flush()
    return made


def faults_against(transfer: Transfer, now: dict[str, Any]) -> list[SealFault]:
    """Compare the signatures with themselves and with the document as it now is."""
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
    return found + _changed_since(transfer, now)


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
    zh = f"第 {signature.number} 个签名之后，{PARTS_ZH[field]}被改动"
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
