"""A party's sites, and what each declares that it generates in a year."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from circularity.accounts.dormancy import is_dormant
from circularity.catalogue.regions import all_regions
from circularity.geography import DATUMS
from circularity.organisations import Site, add_site
from circularity.party_listings import sites_seen
from circularity.registry.declarations import GenerationDeclaration, declare_generation
from web.pages.desk.acting import acting, require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.pages.desk.lot_form import choices as lot_choices
from web.pages.desk.lot_form import read_code
from web.pages.desk.months import own_site, own_sites
from web.pages.requests import asked_year
from web.permission_check import note_shown, told_of
from web.session import read_session

SITE, DECLARATION = "site", "generation"
MOST_SITES = 200
"""As many are shown at once."""
MASSES = ("generated", "own_utilised", "own_disposed", "entrusted_elsewhere_utilised")


def show_sites() -> str:
    """Show the sites of the party one acts for, and what they declare of a year."""
    session, party, year = read_session(), acting(), asked_year()
    sites: list[tuple[Site, bool]] = []
    declared: list[GenerationDeclaration] = []
    if party is not None:
        seen = sites_seen(party.organisation, party.side, party.sites)
        places = select(Site).where(Site.id.in_(seen), told_of(Site)).order_by(Site.id)
        rows = session.scalars(places.limit(MOST_SITES))
        sites = [(site, is_dormant(session, site)) for site in rows]
        row = GenerationDeclaration
        wanted = select(row).where(row.site_id.in_(seen), row.year == year, told_of(row))
        wanted = wanted.options(joinedload(row.site)).order_by(row.site_id, row.waste_code)
        declared = list(session.scalars(wanted))
        note_shown([*(site for site, _ in sites), *declared])
    facts = {
        "own": own_sites(session, party) if party is not None else [],
        "regions": all_regions(),
        "datums": DATUMS,
        "year": year,
        "codes": lot_choices(session)["codes"],
    }
    return render_template("sites.html", sites=sites, declared=declared, **facts)


def add_own_site() -> Answer:
    """Add a site of the party's own."""
    party = require_acting()

    def add(session: Session, at: datetime) -> str:
        form = FormValues()
        facts: dict[str, Any] = {
            "lat": form.degrees("lat"),
            "lon": form.degrees("lon"),
            "datum": form.text("datum"),
        }
        facts |= {name: form.text(name) for name in ("name_zh", "name_en", "region_code")}
        form.finish()
        add_site(session, actor=party.actor, at=at, organisation=party.of(session), **facts)
        return url_for("desk.sites")

    return attempt(SITE, add, show_sites)


def declare() -> Answer:
    """Declare, or declare anew, what a site generates of one waste in a year."""
    party = require_acting()

    def put(session: Session, at: datetime) -> str:
        form = FormValues()
        site, code, year = own_site(session, party, form), read_code(form), form.whole("year")
        masses = {f"{name}_kg": form.maybe_mass(f"{name}_t") or 0 for name in MASSES[1:]}
        masses["generated_kg"] = form.mass("generated_t")
        form.finish()
        declare_generation(session, actor=party.actor, at=at, site=site, waste_code=code, year=year, **masses)
        return url_for("desk.sites", year=year)

    return attempt(DECLARATION, put, show_sites)
