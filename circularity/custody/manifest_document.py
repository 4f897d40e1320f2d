"""The document of a transfer as plain values: what a signature seals, and who seals which part of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.custody.grouping import fractions_of
from circularity.custody.manifests import Carriage, Transfer, TransferLine
from circularity.custody.metered import weighings_sealed
from circularity.custody.reception import Receipt
from circularity.organisations import Site

SENDER_SEALS = (
    "number",
    "agreement",
    "refused_transfer",
    "metering",
    "conveyance",
    "vehicle",
    "day_from",
    "day_to",
    "load_place_e7",
    "sender",
    "receiver",
    "lines",
)


def document_of(session: Session, transfer: Transfer) -> dict[str, Any]:
    """Return the whole document as it now is: kg, days in ISO form, other rows by number or public id."""
    return {
        "number": transfer.number,
        "official_number": transfer.official_number,
        "agreement": transfer.agreement.number,
        "refused_transfer": transfer.refused_transfer.number if transfer.refused_transfer else None,
        "metering": transfer.metering,
        "conveyance": transfer.conveyance,
        "vehicle": transfer.vehicle,
        "day_from": transfer.day_from.isoformat(),
        "day_to": transfer.day_to.isoformat(),
        "load_place_e7": [transfer.load_lat_e7, transfer.load_lon_e7],
        "sender": _place(transfer.sender_site),
        "receiver": _place(transfer.facility.site) | {"facility": transfer.facility.public_id},
        "lines": [_line(session, line) for line in transfer.lines],
        "carriages": [_carriage(carriage) for carriage in transfer.carriages],
        "reception": _reception(session, transfer),
    }


def sealed_part(document: dict[str, Any], signer: str, carriage: int) -> dict[str, Any]:
    """Return the fields that one signer answers for."""
    if signer == "sender":
        return {name: document[name] for name in SENDER_SEALS}
    if signer == "carrier":
        return {"carriage": [row for row in document["carriages"] if row["number"] == carriage]}
    return {"reception": document["reception"]}


def _place(site: Site) -> dict[str, str]:
    organisation = site.organisation
    return {
        "organisation": organisation.public_id,
        "credit_code": organisation.credit_code,
        "name_zh": organisation.name_zh,
        "site": site.public_id,
        "site_zh": site.name_zh,
        "region_code": site.region_code,
    }


def _line(session: Session, line: TransferLine) -> dict[str, Any]:
    return {
        "number": line.number,
        "agreement": line.agreement.number,
        "waste_code": line.waste_code,
        "operation": line.operation,
        "sent_kg": line.sent_kg,
        "sent_moisture_permille": line.sent_moisture_permille,
        "packaging": line.packaging,
        "weighings": weighings_sealed(session, line, "sender"),
        # Which loads were grouped is sealed, how much of each is not: a refused part goes back to them.
        "grouped_from": [part.receipt.public_id for part in fractions_of(session, line)],
    }


def _carriage(carriage: Carriage) -> dict[str, Any]:
    return {
        "number": carriage.number,
        "organisation": carriage.organisation.public_id,
        "credit_code": carriage.organisation.credit_code,
        "vehicle": carriage.vehicle,
        "permit": carriage.permit,
    }


def _reception(session: Session, transfer: Transfer) -> list[dict[str, Any]]:
    """Return each line's receipt, none before arrival."""
    receipts = {
        receipt.line_id: receipt
        for receipt in session.scalars(
            select(Receipt).where(Receipt.line_id.in_([line.id for line in transfer.lines]))
        )
    }
    return [
        {
            "line": line.number,
            "verdict": receipt.verdict,
            "received_on": receipt.received_on.isoformat(),
            "received_kg": receipt.received_kg,
            "accepted_kg": receipt.accepted_kg,
            "refused_kg": receipt.refused_kg,
            "settled_kg": receipt.settled_kg,
            "moisture_permille": receipt.moisture_permille,
            "reason": receipt.reason,
            "weighings": weighings_sealed(session, line, "receiver"),
        }
        for line in transfer.lines
        if (receipt := receipts.get(line.id)) is not None
    ]
