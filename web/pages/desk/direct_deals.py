"""Deals that no run proposed: bringing in an outside contract, or offering one to a party one has found."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from circularity.agreements import agree_directly, import_contract
from circularity.deal_terms import Terms
from circularity.entitlements import Entitlement, EntitlementLine, Facility
from circularity.errors import NotAllowed
from circularity.organisations import Site
from web.api.lookups import named_in_body
from web.formats import operation_name, waste_name
from web.language import said
from web.pages.desk.acting import Acting, require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.pages.desk.terms_form import CHOICES, read_terms, typed_terms
from web.session import read_session
from web.today import today

FORM = "deal"


def show_new_agreement() -> str:
    """Show the form for a deal of one's own."""
    session, party = read_session(), require_acting()
    mine = Site.organisation_id == party.organisation.id
    lines = _lines()
    if party.side == "facility":
        lines = lines.where(Facility.site_id.in_(select(Site.id).where(mine)))
    sites = select(Site).order_by(Site.id)
    if party.side == "generator":
        sites = sites.where(mine)
    typed = {**typed_terms(Terms(1000, today(), date(today().year, 12, 31))), "mass_t": ""}
    facts: dict[str, Any] = {
        "sites": [(site.public_id, _site_label(site)) for site in session.scalars(sites)],
        "lines": [(line.public_id, _line_label(line)) for line in session.scalars(lines)],
    }
    return render_template("new_agreement.html", typed=typed, choices=CHOICES, **facts)


def make_agreement() -> Answer:
    """Offer the deal: as an outside contract where a document is named, else directly."""
    party = require_acting()

    def offer(session: Session, at: datetime) -> str:
        form = FormValues()
        named = "entitlement_line"
        site = named_in_body(session, Site, "site", form.text("site"))
        line = named_in_body(session, EntitlementLine, named, form.text(named))
        facts = {
            "actor": party.actor,
            "at": at,
            "site": site,
            "line": line,
            "terms": read_terms(form),
            "waste_code": form.text("waste_code"),
            "operation": line.operation,
            "side": _side(party, site, line),
        }
        document = form.text("document")
        verb: Any = import_contract if document else agree_directly
        made = verb(session, **facts, **({"document": document} if document else {}))
        return url_for("desk.agreement", public_id=made.public_id)

    return attempt(FORM, offer, show_new_agreement)


def _side(party: Acting, site: Site, line: EntitlementLine) -> str:
    """Return the side that offers; nobody offers in the name of two others."""
    owners = {
        "generator": site.organisation_id,
        "facility": line.entitlement.facility.site.organisation_id,
    }
    mine = [side for side, owner in owners.items() if owner == party.organisation.id]
    if not mine:
        zh, en = "只有一方可以提出要约", "only one of its two sides offers a deal"
        raise NotAllowed("not_a_party", zh, en, field="site")
    return party.side if party.side in mine else mine[0]


def _lines() -> Any:
    return (
        select(EntitlementLine)
        .join(EntitlementLine.entitlement)
        .join(Entitlement.facility)
        .where(Facility.standing == "")
        .options(
            joinedload(EntitlementLine.entitlement).joinedload(Entitlement.facility).joinedload(Facility.site)
        )
        .order_by(EntitlementLine.id)
    )


def _site_label(site: Site) -> str:
    return f"{said(site.organisation)} · {said(site)}"


def _line_label(line: EntitlementLine) -> str:
    facility = line.entitlement.facility
    waste, operation = waste_name(line.waste_pattern), operation_name(line.operation)
    return f"{said(facility.site.organisation)} · {waste} · {operation}"
