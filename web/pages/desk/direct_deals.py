"""Deals that no run proposed: bringing in an outside contract, or offering one to a party one has found."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.catalogue.waste_types import MalformedCode, parse_code
from circularity.deals.agreements import agree_directly, import_contract
from circularity.deals.terms import Terms
from circularity.errors import NotAllowed
from circularity.organisations import Site
from circularity.registry.entitlements import EntitlementLine
from web.api.lookups import named_in_body
from web.pages.desk.acting import Acting, require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.pages.desk.side_choices import Choice, line_choice, site_choice
from web.pages.desk.terms_form import CHOICES, read_terms, typed_terms
from web.session import read_session
from web.today import today

FORM = "deal"


def show_new_agreement() -> str:
    """Show the form for a deal of one's own: first its two sides, then its terms."""
    session, party = read_session(), require_acting()
    site, line = site_choice(session, party), line_choice(session, party)
    days = Terms(1000, today(), date(today().year, 12, 31))
    facts: dict[str, Any] = {
        "site": site,
        "line": line,
        "typed": {**typed_terms(days), "mass_t": request.args.get("mass_t", "")[:20]},
        "choices": CHOICES,
        "waste_code": _likely_code(session, line),
    }
    return render_template("new_agreement.html", **facts)


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
    sites = {"generator": site, "facility": line.entitlement.facility.site}
    mine = [side for side, at in sites.items() if party.acts_at(at)]
    if not mine:
        zh, en = "只有一方可以提出要约", "only one of its two sides offers a deal"
        raise NotAllowed("not_a_party", zh, en, field="site")
    return party.side if party.side in mine else mine[0]


def _likely_code(session: Session, line: Choice) -> str:
    """Return the waste code asked for on the way here, or the only one of the line; "" where it is open."""
    chosen = select(EntitlementLine.waste_pattern).filter_by(public_id=line.chosen[0] if line.chosen else "")
    for typed in (request.args.get("waste_code", ""), *line.asked.split(), session.scalar(chosen) or ""):
        try:
            return parse_code(typed)
        except MalformedCode:
            continue
    return ""
