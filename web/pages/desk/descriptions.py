"""What a party's wastes are like, as table 1 of the general-waste ledger describes them: shown and typed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from circularity.forms.inventoried import InventoriedWaste, inventoried_wastes
from circularity.party_listings import sites_seen
from circularity.registry.descriptions import FACTS, describe_waste
from web.pages.desk.acting import acting, require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.pages.desk.lot_form import choices as lot_choices
from web.pages.desk.lot_form import read_code
from web.pages.desk.months import own_site, own_sites
from web.pages.requests import asked_year, page_of
from web.permission_check import is_told_about, note_shown
from web.session import read_session

FORM = "description"


def show_descriptions() -> str:
    """Show each waste that table 1 lists of a year with what is said of it, and the form that says it."""
    session, party, year = read_session(), acting(), asked_year()
    wastes: list[InventoriedWaste] = []
    if party is not None:
        seen = sites_seen(party.organisation, party.side, party.sites)
        found = inventoried_wastes(session, seen, year)
        wastes = [row for row in found if is_told_about(row.waste_code)]
    page = page_of(len(wastes), lambda limit, offset: wastes[offset : offset + limit])
    note_shown(row.description for row in page.rows if row.description is not None)
    facts: dict[str, Any] = {
        "page": page,
        "chosen": _chosen(wastes),
        "own": own_sites(session, party) if party is not None else [],
        "year": year,
        "facts": FACTS,
        "codes": lot_choices(session)["codes"],
    }
    return render_template("descriptions.html", **facts)


def describe() -> Answer:
    """Describe, or describe anew, one waste of one site; a field left empty says nothing any more."""
    party = require_acting()

    def put(session: Session, at: datetime) -> str:
        form = FormValues()
        site, code, year = own_site(session, party, form), read_code(form), form.whole("year")
        said = {name: form.text(name) for name in FACTS}
        form.finish()
        act: dict[str, Any] = {"actor": party.actor, "at": at, "site": site, "waste_code": code, "year": year}
        describe_waste(session, **act, facts=said)
        return url_for("desk.descriptions", year=year)

    return attempt(FORM, put, show_descriptions)


def _chosen(wastes: list[InventoriedWaste]) -> InventoriedWaste | None:
    """Return the waste that the address names, to fill the form from."""
    named = (request.args.get("site", ""), request.args.get("waste_code", ""))
    return next((row for row in wastes if (row.site.public_id, row.waste_code) == named), None)
