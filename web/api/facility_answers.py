"""What may be seen of facilities: licences as published, limits banded, offers as their owner chose."""

from __future__ import annotations

from typing import Any

from circularity.registry.entitlements import CapacityWindow, Entitlement, EntitlementLine, Facility
from web.api.disclosure import band, facility_named, is_public, mass_shown, organisation_shown, place_shown


def facility_summarised(facility: Facility) -> dict[str, Any]:
    """Return a facility as a list shows it."""
    operations = {line.operation for held in facility.entitlements for line in held.lines}
    return {
        "id": facility.public_id,
        "kind": facility.kind,
        "standing": facility.standing,
        "taking_waste": not facility.standing,
        "organisation": organisation_shown(facility.site.organisation),
        "site": place_shown(facility.site),
        "operations": sorted(operations),
    }


def facility_shown(facility: Facility) -> dict[str, Any]:
    """Return a facility with all that entitles it and what it offers."""
    return facility_summarised(facility) | {
        "annual_limit_band": _band(facility.annual_limit_kg),
        "entitlements": [entitlement_shown(held) for held in facility.entitlements],
        "version": facility.version,
    }


def entitlement_shown(entitlement: Entitlement) -> dict[str, Any]:
    """Return an entitlement with its lines."""
    return {
        "id": entitlement.public_id,
        "kind": entitlement.kind,
        "number": entitlement.number,
        "issuer": entitlement.issuer,
        "valid_from": entitlement.valid_from,
        "valid_to": entitlement.valid_to,
        "source": entitlement.source,
        "annual_limit_band": _band(entitlement.annual_limit_kg),
        "lines": [_line_shown(line) for line in entitlement.lines],
    }


def window_shown(window: CapacityWindow, *, exact: bool | None = None) -> dict[str, Any]:
    """Return what may be seen of an offer; `exact` None asks its visibility.

    What a plant has received and promised elsewhere is its own business even when the offer is public.
    """
    exact = is_public(window) if exact is None else exact
    shown = {
        "id": window.public_id,
        "facility": facility_named(window.line.entitlement.facility),
        "line_id": window.line.public_id,
        "waste_pattern": window.line.waste_pattern,
        "operation": window.line.operation,
        "available_from": window.available_from,
        "available_to": window.available_to,
        "visibility": window.visibility,
        "posted_at": window.posted_at,
        "withdrawn_at": window.withdrawn_at,
        "version": window.version,
        **mass_shown("offered", window.offered_kg, exact=exact),
    }
    if exact:
        shown |= {
            "permitted_kg": window.permitted_kg,
            "gate_fee_ucny_per_kg": window.gate_fee_ucny_per_kg,
            "max_distance_m": window.max_distance_m,
        }
    return shown


def _line_shown(line: EntitlementLine) -> dict[str, Any]:
    standing = [window for window in line.windows if window.withdrawn_at is None]
    return {
        "id": line.public_id,
        "waste_pattern": line.waste_pattern,
        "operation": line.operation,
        "annual_limit_band": _band(line.annual_limit_kg),
        "windows": [window_shown(window) for window in standing],
    }


def _band(limit_kg: int | None) -> dict[str, str] | None:
    return None if limit_kg is None else band(limit_kg)
