"""A transfer as the form of the next one shows it: the same wastes, carriers and way, on another day."""

from __future__ import annotations

from collections.abc import Sequence

from circularity.custody.manifests import Carriage, Transfer
from circularity.deals.contract import Agreement
from circularity.units import format_scaled, format_tonnes
from web.language import said
from web.pages.desk.form_values import PERMILLE_PER_PERCENT


def typed_like(transfer: Transfer, deals: Sequence[Agreement]) -> dict[str, str]:
    """Return the fields of the form by name; `deals` are those that the form has a line for, in its order: a
    waste goes on the one that holds now, which may be another than then."""
    typed = {name: getattr(transfer, name) for name in ("metering", "conveyance", "vehicle")}
    places = {deal.waste_code: number for number, deal in enumerate(deals, 1)}
    for line in transfer.lines:
        if (number := places.get(line.waste_code)) is not None:
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
    permit, _, permitted = carriage.permit.partition(";")
    row = f"carriers.{carriage.number}."
    return {
        f"{row}carrier": f"{said(carriage.organisation)} {carriage.organisation.credit_code}",
        f"{row}vehicle": carriage.vehicle,
        f"{row}permit": permit,
        f"{row}permitted": permitted,
    }
