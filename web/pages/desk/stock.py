"""What the months' page takes besides: an uploaded form of the national tables, a survey of stock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from circularity.ledger.surveys import record_survey
from circularity.uploads import OFFICIAL_FORMS
from web.pages.desk.acting import require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.pages.desk.imports import ask_import
from web.pages.desk.months import own_site, show_months


def upload_forms() -> Answer:
    """Have the months written that an uploaded form tells of."""
    party = require_acting()

    def ask(session: Session) -> dict[str, Any]:
        return {"site": own_site(session, party, FormValues()).public_id}

    return ask_import("forms", OFFICIAL_FORMS, ask, show_months)


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
        return url_for("desk.months")

    return attempt("survey", put, show_months)
