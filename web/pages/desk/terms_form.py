"""The terms of an offer as a form: days, tonnes, cadence and whose weight settles. Prices: `price_form`."""

from __future__ import annotations

from circularity.deals.contract import CADENCES, LOTS, PRICE_KINDS, WEIGHTS, Offer
from circularity.deals.terms import Terms
from circularity.units import format_scaled, format_tonnes
from web.pages.desk.form_values import PERMILLE_PER_PERCENT, FormValues
from web.pages.desk.price_form import read_price, typed_price

CHOICES = {"lots": LOTS, "cadences": CADENCES, "weights": WEIGHTS, "price_kinds": PRICE_KINDS}
"""What a form offers."""


def read_terms(form: FormValues) -> Terms:
    """Return typed terms; raises BadInput for what is malformed, before any verb is asked."""
    kind = form.text("price_kind") or "fixed"
    terms = Terms(
        mass_kg=form.mass("mass_t"),
        valid_from=form.day("valid_from"),
        valid_to=form.day("valid_to"),
        lot=form.text("lot"),
        cadence=form.text("cadence"),
        period_mass_kg=form.maybe_mass("period_mass_t"),
        price_kind=kind,
        price=read_price(form, kind),
        settles=form.text("settles"),
        reference_moisture_permille=form.percent("reference_moisture_percent"),
        note=form.text("note"),
    )
    form.finish()
    return terms


def typed_terms(terms: Terms | Offer) -> dict[str, str]:
    """Return terms as their form shows them before anything is changed."""
    moisture = terms.reference_moisture_permille
    return {
        "mass_t": format_tonnes(terms.mass_kg),
        "valid_from": terms.valid_from.isoformat(),
        "valid_to": terms.valid_to.isoformat(),
        "lot": terms.lot,
        "cadence": terms.cadence,
        "period_mass_t": _period_mass(terms),
        "price_kind": terms.price_kind,
        **typed_price(terms.price_kind, terms.price),
        "settles": terms.settles,
        "reference_moisture_percent": ""
        if moisture is None
        else format_scaled(moisture, PERMILLE_PER_PERCENT),
        "note": terms.note,
    }


def _period_mass(terms: Terms | Offer) -> str:
    """Return the mass per period; empty where it is all of it, so that it follows a changed whole."""
    period_kg = terms.period_mass_kg
    return "" if period_kg is None or period_kg == terms.mass_kg else format_tonnes(period_kg)
