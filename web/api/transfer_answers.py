"""What is shown of a transfer: its parties, weights and signatures only where the asker may know them."""

from __future__ import annotations

from typing import Any

from circularity.catalogue.waste_types import is_hazardous
from circularity.custody.manifests import Signature, Transfer, TransferLine
from circularity.lifecycle import legal_acts
from web.api.disclosure import mass_shown, organisation_shown


def transfer_shown(transfer: Transfer, *, exact: bool) -> dict[str, Any]:
    """Return a transfer; without `exact` nobody is named and masses are banded."""
    shown = {
        "id": transfer.public_id,
        "number": transfer.number,
        "status": transfer.status,
        "legal_acts": list(legal_acts(transfer.lifecycle, transfer.status)),
        "metering": transfer.metering,
        "conveyance": transfer.conveyance,
        "from_region": transfer.sender_site.region_code,
        "to_region": transfer.facility.site.region_code,
        "day_from": transfer.day_from,
        "day_to": transfer.day_to,
        "lines": [_line(line, exact) for line in transfer.lines],
        "drafted_at": transfer.drafted_at,
        "submitted_at": transfer.submitted_at,
        "arrived_at": transfer.arrived_at,
        "closed_at": transfer.closed_at,
        "version": transfer.version,
    }
    return shown | (_for_parties(transfer) if exact else {})


def _for_parties(transfer: Transfer) -> dict[str, Any]:
    return {
        "official_number": transfer.official_number,
        "agreement_id": transfer.agreement.public_id,
        "vehicle": transfer.vehicle,
        "sender": organisation_shown(transfer.sender_site.organisation),
        "receiver": organisation_shown(transfer.facility.site.organisation),
        "signatures": [_signature(signature) for signature in transfer.signatures],
    }


def _line(line: TransferLine, exact: bool) -> dict[str, Any]:
    shown = {
        "number": line.number,
        "waste_code": line.waste_code,
        "operation": line.operation,
        "hazardous": is_hazardous(line.waste_code),
        **mass_shown("sent", line.sent_kg, exact=exact),
    }
    if exact:
        shown |= {"sent_moisture_permille": line.sent_moisture_permille, "packaging": line.packaging}
    return shown


def _signature(signature: Signature) -> dict[str, Any]:
    names = ("number", "revision", "signer", "carriage", "person", "signed_at", "digest")
    return {name: getattr(signature, name) for name in names}
