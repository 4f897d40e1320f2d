"""The form of a lot: what its fields show, and what was typed as the terms that verbs take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.catalogue.operations import all_operations
from circularity.catalogue.proposals import propose
from circularity.catalogue.waste_codes import has_code_form
from circularity.catalogue.waste_types import MalformedCode, WasteType, parse_code
from circularity.registry.entitlements import LineLimit
from circularity.registry.outputs import STATUSES, VISIBILITIES
from circularity.units import KG_PER_T, M_PER_KM, MICRO, UCNY_PER_KG_PER_CNY_PER_T, format_scaled
from web.pages.desk.form_values import FormValues
from web.today import today

FORM = "lot"
ASSAYS = (1, 2, 3, 4, 5, 6)
"""How many measurements one form takes."""

CODES_SHOWN = 8

_SCALED = {
    "mass_t": ("mass_kg", KG_PER_T),
    "min_lot_t": ("min_lot_kg", KG_PER_T),
    "plan_mass_t": ("plan_mass_kg", KG_PER_T),
    "max_distance_km": ("max_distance_m", M_PER_KM),
    "max_net_cost_cny_per_t": ("max_net_cost_ucny_per_kg", UCNY_PER_KG_PER_CNY_PER_T),
    "price_cny_per_t": ("price_ucny_per_kg", UCNY_PER_KG_PER_CNY_PER_T),
}
_PLAIN = ("waste_code", "available_from", "available_to", "storage_since", "status", "visibility")


def read_terms(form: FormValues) -> dict[str, Any]:
    """Return what was typed, by the names of `registry.outputs.Terms`; mistakes are noted in the form."""
    return {
        "waste_code": read_code(form),
        "mass_kg": form.mass("mass_t"),
        "available_from": form.maybe_day("available_from"),
        "available_to": form.maybe_day("available_to"),
        "allowed_operations": tuple(request.form.getlist("allowed_operations")[:60]),
        "max_distance_m": form.kilometres("max_distance_km"),
        "max_net_cost_ucny_per_kg": form.price("max_net_cost_cny_per_t"),
        "min_lot_kg": form.maybe_mass("min_lot_t"),
        "price_ucny_per_kg": form.price("price_cny_per_t"),
        "storage_since": form.maybe_day("storage_since"),
        "status": form.text("status"),
        "plan_mass_kg": form.maybe_mass("plan_mass_t"),
        "visibility": form.text("visibility"),
        "assays": _assays(form),
    }


def typed_terms(terms: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the fields show for the terms of a lot."""
    shown: dict[str, Any] = {name: terms.get(name) or "" for name in _PLAIN}
    for name, (term, scale) in _SCALED.items():
        value = terms.get(term)
        shown[name] = "" if value is None else format_scaled(value, scale)
    for row, (analyte, value) in zip(ASSAYS, sorted(terms.get("assays", {}).items()), strict=False):
        shown |= {f"assays.{row}.analyte": analyte, f"assays.{row}.measured": format_scaled(value, MICRO)}
    return shown | {"allowed_operations": terms.get("allowed_operations", ())}


def choices(session: Session) -> dict[str, Any]:
    """Return what the form chooses from; analytes are those that any receiver asks for."""
    return {
        "analytes": session.scalars(select(LineLimit.analyte).distinct().order_by(LineLimit.analyte)).all(),
        "operations": all_operations(today()),
        "statuses": STATUSES,
        "visibilities": VISIBILITIES,
        "assay_rows": ASSAYS,
        "codes": g.get("proposed_codes", ()),
    }


def codes_for(text: str) -> list[WasteType]:
    """Return the full codes that a typed name or code may mean, best first."""
    return [waste for waste in propose(text[:100], today()) if has_code_form(waste.code)][:CODES_SHOWN]


def read_code(form: FormValues) -> str:
    """Return the code that was chosen or typed; of a name, the codes to choose from are shown again."""
    typed = form.text("code") or form.text("waste_code")
    try:
        return parse_code(typed)
    except MalformedCode:
        g.proposed_codes = codes_for(typed)
    if g.proposed_codes:
        zh, en = "请从下列代码中选择", "choose one of the codes below"
        form.refuse("waste_code", "code_not_chosen", zh, en)
    else:
        zh, en = "不是废物代码，也没有相近的名称", "is no waste code, and no name is near it"
        form.refuse("waste_code", "malformed_code", zh, en)
    return ""


def _assays(form: FormValues) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in ASSAYS:
        analyte = form.text(f"assays.{row}.analyte").lower()
        if analyte in found:
            form.refuse(f"assays.{row}.analyte", "twice", "重复", "is there twice")
        elif analyte:
            found[analyte] = form.concentration(f"assays.{row}.measured")
        elif form.text(f"assays.{row}.measured"):
            form.refuse(f"assays.{row}.analyte", "empty", "不能为空", "must not be empty")
    return found
