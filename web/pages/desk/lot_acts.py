"""Posting a lot and changing one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from circularity.deals.changed_lots import change_output, held_of_output_kg
from circularity.errors import Stale
from circularity.registry.outputs import post_output, terms_of
from web.pages.desk.acting import require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.pages.desk.lot_form import FORM, choices, codes_for, read_terms, typed_terms
from web.pages.desk.months import own_site, own_sites
from web.pages.desk.own_lots import find_lot, own_lot
from web.session import read_session


def show_new_lot() -> str:
    """Show the form of a lot, filled from another one where `?like=` names it."""
    session, party = read_session(), require_acting()
    like = request.args.get("like", "")
    known = find_lot(session, party, like) if like else None
    facts: dict[str, Any] = {
        "sites": own_sites(session, party),
        "site": known.site.public_id if known is not None else "",
        "typed": typed_terms(terms_of(known) if known is not None else {"status": "waste"}),
        "output": None,
    }
    return render_template("lots/form.html", **facts, **choices(session))


def post_lot() -> Answer:
    """Post the lot and go to its page, where its outlets are."""
    party = require_acting()

    def post(session: Session, at: datetime) -> str:
        form = FormValues()
        site, terms = own_site(session, party, form), read_terms(form)
        form.finish()
        posted = post_output(session, actor=party.actor, at=at, site=site, **terms)
        return url_for("desk.lot", public_id=posted.public_id)

    return attempt(FORM, post, show_new_lot)


def show_changed_lot(public_id: str) -> str:
    """Show the form of a lot that is posted already."""
    session, party = read_session(), require_acting()
    output = own_lot(session, party, public_id)
    facts: dict[str, Any] = {
        "sites": [],
        "site": output.site.public_id,
        "typed": typed_terms(terms_of(output)),
        "output": output,
        "held_kg": held_of_output_kg(session, output),
    }
    return render_template("lots/form.html", **facts, **choices(session))


def change_lot(public_id: str) -> Answer:
    """Change the lot's terms, unless somebody else did since the form was opened."""
    party = require_acting()

    def change(session: Session, at: datetime) -> str:
        form, output = FormValues(), own_lot(session, party, public_id)
        changes = read_terms(form)
        form.finish()
        if form.text("version") != str(output.version):
            zh, en = "数据刚被他人更改，请重新读取", "somebody else has just changed it: read it again"
            raise Stale("stale", zh, en)
        change_output(session, actor=party.actor, at=at, output=output, changes=changes)
        return url_for("desk.lot", public_id=public_id)

    return attempt(FORM, change, lambda: show_changed_lot(public_id))


def show_codes() -> str:
    """Show the codes that what was typed may mean, to be put into the form."""
    return render_template("lots/codes.html", codes=codes_for(request.args.get("waste_code", "")))
