"""The terms of an offer as a form: fixed or stepped prices, days, tonnes, cadence."""

from __future__ import annotations

from typing import Any

from circularity.deal_terms import Terms
from circularity.deals import CADENCES, LOTS, WEIGHTS, Offer
from circularity.units import (
    UCNY_PER_KG_PER_CNY_PER_T,
    NotAQuantity,
    format_scaled,
    format_tonnes,
    parse_scaled,
    parse_tonnes,
)
from web.pages.desk.form_values import PERMILLE_PER_PERCENT, FormValues

CHOICES = {"lots": LOTS, "cadences": CADENCES, "weights": WEIGHTS, "price_kinds": ("fixed", "stepped")}
"""What a form offers; a price by formula is agreed through the API."""


def read_terms(form: FormValues) -> Terms:
    """Return typed terms; raises BadInput for what is malformed, before any verb is asked."""
    stepped = form.text("price_kind") == "stepped"
    price: dict[str, Any] = {"steps": _steps(form)} if stepped else {"fixed": form.price("price.fixed")}
    terms = Terms(
        mass_kg=form.mass("mass_t"),
        valid_from=form.day("valid_from"),
        valid_to=form.day("valid_to"),
        lot=form.text("lot"),
        cadence=form.text("cadence"),
        period_mass_kg=form.maybe_mass("period_mass_t"),
        price_kind="stepped" if stepped else "fixed",
        price=price,
        settles=form.text("settles"),
        reference_moisture_permille=form.percent("reference_moisture_percent"),
        note=form.text("note"),
    )
    form.finish()
    return terms


def typed_terms(terms: Terms | Offer) -> dict[str, str]:
    """Return terms as their form shows them before anything is changed."""
    fixed, moisture = terms.price.get("fixed"), terms.reference_moisture_permille
    return {
        "mass_t": format_tonnes(terms.mass_kg),
        "valid_from": terms.valid_from.isoformat(),
        "valid_to": terms.valid_to.isoformat(),
        "lot": terms.lot,
        "cadence": terms.cadence,
        "period_mass_t": "" if terms.period_mass_kg is None else format_tonnes(terms.period_mass_kg),
        "price_kind": "stepped" if terms.price_kind == "stepped" else "fixed",
        "price.fixed": "" if fixed is None else format_scaled(fixed, UCNY_PER_KG_PER_CNY_PER_T),
        "price.steps": "; ".join(
            f"{format_tonnes(start)}: {format_scaled(price, UCNY_PER_KG_PER_CNY_PER_T)}"
            for start, price in terms.price.get("steps", ())
        ),
        "settles": terms.settles,
        "reference_moisture_percent": ""
        if moisture is None
        else format_scaled(moisture, PERMILLE_PER_PERCENT),
        "note": terms.note,
    }


def _steps(form: FormValues) -> list[list[int]]:
    """Read `0: 25; 1000: 30`: from so many tonnes on, CNY/t."""
    steps = []
    for part in filter(None, map(str.strip, form.text("price.steps").replace("\uff1b", ";").split(";"))):
        start, _, price = part.replace("\uff1a", ":").partition(":")
        try:
            ucny = parse_scaled(price, UCNY_PER_KG_PER_CNY_PER_T)
            steps.append([parse_tonnes(start), ucny])
        except NotAQuantity:
            zh, en = "应写作 0: 25; 1000: 30 (吨: 元/吨)", "is written as 0: 25; 1000: 30 (t: CNY/t)"
            form.refuse("price.steps", "malformed_steps", zh, en)
    return steps
