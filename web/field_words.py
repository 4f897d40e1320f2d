"""What forms of the desk call their fields, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask_babel import lazy_gettext

from web.auth.words import ACCOUNT_FIELDS

_ = lazy_gettext

FIELDS: Mapping[str, object] = {
    "counter_before_t": _("Counter before (t)"),
    "counter_after_t": _("Counter after (t)"),
    "draught_before_mm": _("Draught before (mm)"),
    "draught_after_mm": _("Draught after (mm)"),
    "water_kg_per_m3": _("Density of the water (kg/m³)"),
    "organisation": _("Organisation"),
    "facility": _("Facility"),
    "side": _("Side"),
    "person": _("Name of the person"),
    "list_kind": _("Kind of list"),
    "waste_pattern": _("Waste code or kind"),
    "accepted_origins": _("Accepts waste from"),
    "quota_t": _("Quota (t)"),
    "ship_within_days": _("Ship within (days)"),
    "available_from": _("Available from"),
    "available_to": _("Available to"),
    "allowed_operations": _("Operations allowed"),
    "permitted_t": _("Permitted (t)"),
    "stop_days": _("Stop days"),
    "gate_fee_cny_per_t": _("Gate fee (CNY/t)"),
    "max_distance_km": _("Distance limit (km)"),
    "max_net_cost_cny_per_t": _("Net cost limit (CNY/t)"),
    "min_lot_t": _("Smallest lot (t)"),
    "price_cny_per_t": _("Price asked (CNY/t)"),
    "storage_since": _("In storage since"),
    "status": _("Status"),
    "plan_mass_t": _("Mass in the management plan (t)"),
    "visibility": _("Who sees the figures"),
    "analyte": _("Analyte with its unit"),
    "assays": _("Assays"),
    "lat": _("Latitude"),
    "lon": _("Longitude"),
    "datum": _("Coordinates given in"),
    "own_utilised_t": _("Used by ourselves (t)"),
    "own_disposed_t": _("Disposed of by ourselves (t)"),
    "entrusted_elsewhere_utilised_t": _("Used by others outside the platform (t)"),
    "title": _("Title"),
    "rate_percent": _("Rate (%)"),
    "scope": _("Scope"),
    "period_from": _("First day"),
    "period_to": _("Last day"),
    "document_zh": _("Document (Chinese)"),
    "document_en": _("Document (English)"),
    "missing": _("What is missing"),
    "reasons": _("Reasons"),
    "answer": _("Answer"),
    "findings": _("What was seen"),
    "visited_on": _("Day of the visit"),
    "ground": _("Ground"),
    "annual_limit_t": _("Yearly limit (t)"),
    "mass_t": _("Mass in all (t)"),
    "valid_from": _("First day"),
    "valid_to": _("Last day"),
    "lot": _("Kind of lot"),
    "cadence": _("Cadence"),
    "period_mass_t": _("Mass per period (t)"),
    "price_kind": _("Kind of price"),
    "price.fixed": _("Price (CNY/t)"),
    "price.steps": _("Steps of the price"),
    "price.base": _("Base price (CNY/t)"),
    "price.index": _("Quotation"),
    "price.reference": _("Reference of the quotation"),
    "price.share_percent": _("Share that follows it (%)"),
    "settles": _("Whose weight settles"),
    "reference_moisture_percent": _("Reference moisture (%)"),
    "note": _("Note"),
    "document": _("Document"),
    "reason": _("Reason"),
    "kind": _("Kind"),
    "filed_on": _("Filed on"),
    "granted_on": _("Granted on"),
    "grant": _("Grant"),
    "agreement": _("Agreement"),
    "site": _("Site"),
    "line": _("Line"),
    "entitlement_line": _("Line of an entitlement"),
    "waste_code": _("Waste code"),
    "operation": _("Operation"),
    "metering": _("How it is metered"),
    "conveyance": _("Conveyance"),
    "vehicle": _("Vehicle, vessel or train"),
    "day": _("Day"),
    "day_from": _("First day"),
    "day_to": _("Last day"),
    "until": _("Everything received up to"),
    "carrier": _("Carrier"),
    "carriers": _("Carrier"),
    "permit": _("Dangerous-goods permit"),
    "permitted": _("Waste it covers"),
    "sent_t": _("Mass (t)"),
    "sent_moisture_percent": _("Moisture (%)"),
    "packaging": _("Packaging"),
    "received_t": _("Weight received (t)"),
    "committed_t": _("Committed elsewhere (t)"),
    "moisture_percent": _("Moisture (%)"),
    "accepted_t": _("Accepted (t)"),
    "refused_t": _("Refused (t)"),
    "weighed_t": _("Weight on return (t)"),
    "meter": _("Meter"),
    "plate": _("Plate"),
    "gross_t": _("Gross (t)"),
    "tare_t": _("Tare (t)"),
    "read_at": _("Read at"),
    "at": _("Weighed or read at"),
    "act": _("What to do with it"),
    "official_number": _("Official manifest number (14 digits)"),
    "field": _("What is wrong"),
    "value": _("Right value"),
    "measured": _("Measured value"),
    "changes": _("What is wrong"),
    "file": _("File"),
    "words": _("Only rows with these words"),
    "form": _("Form"),
    "year": _("Year"),
    "month": _("Month"),
    "generated_t": _("Generated (t)"),
    "discarded_t": _("Discarded (t)"),
    "stored_t": _("Stored at the end (t)"),
    "party": _("Other party"),
    "uses": _("Use"),
    "inputs": _("Loads"),
    "name": _("Name"),
    "results": _("Result"),
    "lines": _("Line"),
    "vintage": _("Year of generation"),
    "surveyed_on": _("Day of the survey"),
    "method": _("Method"),
    **ACCOUNT_FIELDS,
}

LINES = "lines."
"""What stands before the number of a transfer's line in the names of its fields."""

_NUMBERED = re.compile(r"^(?:lines|loads|carriers|carriages|uses|results|inputs|assays|changes)\.(\d+)\.?")


def field_label(name: str, one_line: bool = False) -> str:
    """Return what a form calls a field, with the number of its row; an unknown one by its own name.

    A form of one line alone does not count it.
    """
    row = _NUMBERED.match(name)
    plain = _NUMBERED.sub("", name) if row else name
    known = _("Mass (t)") if row and plain == "mass_t" else FIELDS.get(plain or name.partition(".")[0], plain)
    label = str(known)
    return f"{label} {row[1]}" if row and not (one_line and name.startswith(LINES)) else label
