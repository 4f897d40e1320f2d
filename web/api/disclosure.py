"""What an asker without an account may see of others: exact figures only where their owner published them.

Everything else is a band for a mass, and nothing at all for prices, limits, assays and conditions of trade.
Lists are never ordered by what is not shown.
"""

from __future__ import annotations

from typing import Any

from circularity.banding import band_of
from circularity.organisations import Organisation, Site
from circularity.registry.entitlements import CapacityWindow, Facility
from circularity.registry.outputs import Output
from circularity.units import KG_PER_T

PUBLIC = "public"


def is_public(thing: Output | CapacityWindow) -> bool:
    """Tell whether its owner published its figures."""
    return thing.visibility == PUBLIC


def band(mass_kg: int) -> dict[str, Any]:
    """Return the band that a mass lies in, without `to_t` where it has no upper end."""
    found = band_of(mass_kg)
    low = found.low_kg // KG_PER_T
    if found.high_kg is None:
        return {"from_t": str(low), "zh": f"{low:,} 吨以上", "en": f"{low:,} t or more"}
    high = found.high_kg // KG_PER_T
    return {
        "from_t": str(low),
        "to_t": str(high),
        "zh": f"{low:,}–{high:,} 吨",
        "en": f"{low:,}–{high:,} t",
    }


def mass_shown(name: str, mass_kg: int | None, *, exact: bool) -> dict[str, Any]:
    """Return `{name}_band` and, where it may be told exactly, `{name}_kg`; empty for an unknown mass."""
    if mass_kg is None:
        return {}
    return {f"{name}_band": band(mass_kg)} | ({f"{name}_kg": mass_kg} if exact else {})


def organisation_shown(organisation: Organisation) -> dict[str, Any]:
    """Return how an organisation is named."""
    return {
        "name_zh": organisation.name_zh,
        "name_en": organisation.name_en,
        "fictional": organisation.fictional,
    }


def place_shown(site: Site) -> dict[str, Any]:
    """Return where something is; sites are on the public map."""
    return {
        "id": site.public_id,
        "name_zh": site.name_zh,
        "name_en": site.name_en,
        "region_code": site.region_code,
        "lat": site.latitude,
        "lon": site.longitude,
    }


def output_named(output: Output) -> dict[str, Any]:
    """Return an output as another answer names it."""
    return {
        "id": output.public_id,
        "waste_code": output.waste_code,
        "organisation": organisation_shown(output.site.organisation),
        "region_code": output.site.region_code,
    }


def facility_named(facility: Facility) -> dict[str, Any]:
    """Return a facility as another answer names it."""
    return {
        "id": facility.public_id,
        "kind": facility.kind,
        "organisation": organisation_shown(facility.site.organisation),
        "region_code": facility.site.region_code,
    }
