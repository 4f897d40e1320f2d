"""A transfer as a form shows it: the next one like it, on another day, or the draft itself to be changed."""

from __future__ import annotations

from collections.abc import Sequence

from circularity.custody.carriers import carrier_of
from circularity.custody.manifests import Carriage, Transfer
from circularity.deals.contract import Agreement
from circularity.units import format_scaled, format_tonnes
from web.language import said
from web.pages.desk.form_values import PERMILLE_PER_PERCENT


def typed_as(transfer: Transfer, groups: Sequence[Sequence[Agreement]]) -> dict[str, str]:
    """Return every field of the form as the draft stands."""
    last = "" if transfer.day_to == transfer.day_from else transfer.day_to.isoformat()
    days = {"day": transfer.day_from.isoformat(), "day_to": last}
    return typed_like(transfer, groups) | days | {"official_number": transfer.official_number or ""}


def typed_like(transfer: Transfer, groups: Sequence[Sequence[Agreement]]) -> dict[str, str]:
    """Return the fields of the form by name; `groups` are the agreements that its lines choose from, in their
    order: a waste goes on the first of its group, which may be another than then."""
    typed = {name: getattr(transfer, name) for name in ("metering", "conveyance", "vehicle")}
    places = {group[0].waste_code: number for number, group in enumerate(groups, 1)}
    for line in transfer.lines:
        if (number := places.get(line.agreement.waste_code)) is not None:
            moisture = line.sent_moisture_permille
            typed |= {
                f"lines.{number}.sent_t": format_tonnes(line.sent_kg),
                f"lines.{number}.sent_moisture_percent": ""
                if moisture is None
                else format_scaled(moisture, PERMILLE_PER_PERCENT),
                f"lines.{number}.packaging": line.packaging,
            }
    for carriage in transfer.carriages:
        typed |= _carrier(carriage)
    return typed


def _carrier(carriage: Carriage) -> dict[str, str]:
    carrier = carrier_of(carriage)
    row = f"carriers.{carriage.number}."
    return {
        f"{row}carrier": f"{said(carriage.organisation)} {carriage.organisation.credit_code}",
        f"{row}vehicle": carriage.vehicle,
        f"{row}permit": carrier.permit,
        f"{row}permitted": ";".join(carrier.permitted),
    }
