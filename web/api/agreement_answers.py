"""What is shown of a deal: its parties, prices and exact masses only where the asker may know them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from circularity.deals.agreements import Gap, end_asked_by
from circularity.deals.contract import Agreement, AgreementProcedure, Offer
from circularity.deals.offers import Terms
from circularity.deals.procedures import missing_procedures
from circularity.lifecycle import legal_acts
from web.api.disclosure import mass_shown, organisation_shown
from web.today import today


def agreement_shown(session: Session, agreement: Agreement, *, exact: bool) -> dict[str, Any]:
    """Return a deal; without `exact` nobody is named, masses are banded and prices left out."""
    offer = agreement.offer
    shown = {
        "id": agreement.public_id,
        "number": agreement.number,
        "source": agreement.source,
        "status": agreement.status,
        "legal_acts": list(legal_acts("agreement", agreement.status)),
        "waste_code": agreement.waste_code,
        "operation": agreement.operation,
        "from_region": agreement.site.region_code,
        "to_region": agreement.facility.site.region_code,
        "valid_from": offer.valid_from,
        "valid_to": offer.valid_to,
        **mass_shown("mass", offer.mass_kg, exact=exact),
        "begun_at": agreement.begun_at,
        "expires_at": agreement.expires_at,
        "agreed_at": agreement.agreed_at,
        "ended_at": agreement.ended_at,
        "version": agreement.version,
    }
    return shown | (_for_parties(session, agreement) if exact else {})


def gap_shown(gap: Gap) -> dict[str, Any]:
    """Return a gap by the number of its deal."""
    return {
        "agreement_id": gap.agreement.public_id,
        "agreement_number": gap.agreement.number,
        "kind": gap.kind,
        "first": gap.first,
        "last": gap.last,
    }


def terms_of(sent: dict[str, Any]) -> Terms:
    """Return loaded terms as the verbs take them."""
    price = dict(sent.pop("price"))
    return Terms(**sent, price_kind=(kind := price.pop("kind")), price=_stored_price(kind, price))


def _for_parties(session: Session, agreement: Agreement) -> dict[str, Any]:
    shown = {
        "generator": organisation_shown(agreement.site.organisation),
        "receiver": organisation_shown(agreement.facility.site.organisation),
        "document": agreement.document,
        "shipped_kg": agreement.shipped_kg,
        "offers": [_offer_shown(offer) for offer in agreement.offers],
        "procedures": [_procedure_shown(procedure) for procedure in agreement.procedures],
    }
    if agreement.status in ("agreed", "suspended"):
        shown["missing"] = list(missing_procedures(session, agreement, today()))
        shown["end_asked_by"] = sorted(end_asked_by(session, agreement))
    return shown


def _offer_shown(offer: Offer) -> dict[str, Any]:
    names = (
        "number", "made_by", "made_at", "mass_kg", "period_mass_kg", "lot", "cadence",
        "valid_from", "valid_to", "settles", "reference_moisture_permille", "note",
    )  # fmt: skip
    return {name: getattr(offer, name) for name in names} | {"price": _price_shown(offer)}


def _procedure_shown(procedure: AgreementProcedure) -> dict[str, Any]:
    names = ("kind", "filed_on", "expected_on", "granted_on", "document")
    return {
        "id": procedure.public_id,
        **{name: getattr(procedure, name) for name in names},
        "grant_id": None if procedure.grant is None else procedure.grant.public_id,
    }


def _price_shown(offer: Offer) -> dict[str, Any]:
    price = offer.price
    shown = {"kind": offer.price_kind, "cny_per_t": price.get("fixed")}
    if offer.price_kind == "stepped":
        shown["steps"] = [{"from_t": start, "cny_per_t": ucny} for start, ucny in price["steps"]]
    if offer.price_kind == "formula":
        shown |= {**price, "base_cny_per_t": price["base"]}
    return shown


def _stored_price(kind: str, sent: dict[str, Any]) -> dict[str, Any]:
    """Return a price as it is stored; a field that its kind does not know is left for the verb to refuse."""
    if kind == "fixed":
        sent.setdefault("cny_per_t", None)
    named = {"cny_per_t": "fixed", "base_cny_per_t": "base"}
    price = {named.get(name, name): value for name, value in sent.items()}
    if "steps" in price:
        price["steps"] = [[step["from_t"], step["cny_per_t"]] for step in price["steps"]]
    return price
