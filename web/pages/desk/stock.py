"""Stock beside the months: what stands where, what surveys found, an uploaded form of the national tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.ledger.months import StockSurvey
from circularity.ledger.site_stock import stocks_now
from circularity.ledger.surveys import record_survey
from circularity.organisations import Site
from circularity.party_listings import sites_seen, total
from circularity.uploads import OFFICIAL_FORMS
from web.pages.desk.acting import require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.pages.desk.imports import ask_import
from web.pages.desk.months import own_site, show_months
from web.pages.requests import page_of
from web.permission_check import is_told_about, note_shown, told_of
from web.session import read_session


def upload_forms() -> Answer:
    """Have the months written that an uploaded form tells of."""
    party = require_acting()

    def ask(session: Session) -> tuple[dict[str, Any], list[Site]]:
        site = own_site(session, party, FormValues())
        return {"site": site.public_id}, [site]

    return ask_import("forms", OFFICIAL_FORMS, ask, show_months)


def show_stock() -> str:
    """Show what sites have of their own waste by year of generation, and what surveys found."""
    session, party = read_session(), require_acting()
    sites = sites_seen(party.organisation, party.side, party.sites)
    wanted = (
        select(StockSurvey)
        .where(StockSurvey.site_id.in_(sites), told_of(StockSurvey))
        .order_by(StockSurvey.surveyed_on.desc(), StockSurvey.id.desc())
    )
    page = page_of(
        total(session, wanted),
        lambda limit, offset: session.scalars(wanted.limit(limit).offset(offset)).all(),
    )
    stocks = [stock for stock in stocks_now(session, sites) if is_told_about(stock.waste_code)]
    note_shown([*page.rows, *(stock.site for stock in stocks)])
    return render_template("stock.html", stocks=stocks, page=page)


def survey() -> Answer:
    """Record what a survey found of one waste and year of generation."""
    party = require_acting()

    def put(session: Session, at: datetime) -> str:
        form = FormValues()
        facts: dict[str, Any] = {
            "site": own_site(session, party, form),
            "waste_code": form.text("waste_code"),
            "vintage": form.whole("vintage"),
            "surveyed_on": form.day("surveyed_on"),
            "mass_kg": form.mass("mass_t"),
            "method": form.text("method"),
            "document": form.text("document"),
        }
        form.finish()
        record_survey(session, actor=party.actor, at=at, **facts)
        return url_for("desk.stock")

    return attempt("survey", put, show_months)
