"""A ledger of wastes as its people keep it: read within bounds, shown row by row, then posted as a whole."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from circularity.database import writing
from circularity.errors import BadInput, CircularityError, NotFound
from circularity.organisations import Site
from circularity.registry.drafts import (
    OutputLedger,
    discard_drafts,
    post_drafts,
    read_into_drafts,
)
from web.api.lookups import named_in_body
from web.api.writing import refuse_unless_writable
from web.errors import status_of
from web.formats import waste_type
from web.pages.desk.acting import Acting, own_sites_only, require_acting
from web.pages.desk.attempts import Answer, attempt, refuse_form
from web.pages.desk.form_values import FormValues, uploaded
from web.pages.desk.months import own_site, own_sites
from web.pages.requests import page_of
from web.session import engine, read_session
from web.tryout.ledgers import MAX_BYTES, read_rows

FORM = "ledger"
SHOWN_PROBLEMS = 100


def show_new_ledger(refused: CircularityError | None = None) -> str:
    """Show what to send, and everything that was wrong with a file that was not taken."""
    session, party = read_session(), require_acting()
    wrong = refused.problems[:SHOWN_PROBLEMS] if isinstance(refused, BadInput) else ()
    return render_template("lots/new_ledger.html", sites=own_sites(session, party), wrong=wrong)


def read_ledger() -> Answer:
    """Read a file into drafts of the chosen site, none of them where any row cannot be taken."""
    refuse_unless_writable()
    party = require_acting()
    request.max_content_length = MAX_BYTES
    try:
        site = own_site(read_session(), party, FormValues()).public_id
        with uploaded("file") as file:
            read = read_rows(file)
        with writing(engine()).begin() as session:
            named = named_in_body(session, Site, "site", site)
            facts: dict[str, Any] = {"file": read.file, "rows": read.rows, "notes": read.notes}
            kept = read_into_drafts(session, actor=party.actor, at=datetime.now(UTC), site=named, **facts)
            address = url_for("desk.ledger", public_id=kept.public_id)
    except CircularityError as error:
        refuse_form(FORM, error, fields=("site", "file"))
        return show_new_ledger(error), status_of(error)
    return redirect(address, 303)


def show_ledger(public_id: str) -> str:
    """Show what was understood of a file, row by row, to be confirmed."""
    session, party = read_session(), require_acting()
    ledger = own_ledger(session, party, public_id)
    page = page_of(len(ledger.drafts), lambda limit, offset: ledger.drafts[offset : offset + limit])
    mass_kg = sum(draft.terms["mass_kg"] for draft in ledger.drafts)
    return render_template(
        "lots/ledger.html", ledger=ledger, page=page, mass_kg=mass_kg, waste_type=waste_type
    )


def post_ledger(public_id: str) -> Answer:
    """Post every row of a ledger, all or none."""
    party = require_acting()

    def post(session: Session, at: datetime) -> str:
        drafts = own_ledger(session, party, public_id).drafts
        post_drafts(session, actor=party.actor, at=at, drafts=drafts)
        return url_for("desk.lots")

    return attempt("post", post, lambda: show_ledger(public_id))


def discard_ledger(public_id: str) -> Answer:
    """Throw the rows of a ledger away that are not posted."""
    party = require_acting()

    def discard(session: Session, at: datetime) -> str:
        drafts = own_ledger(session, party, public_id).drafts
        discard_drafts(session, actor=party.actor, at=at, drafts=drafts)
        return url_for("desk.lots")

    return attempt("discard", discard, lambda: show_ledger(public_id))


def own_ledger(session: Session, party: Acting, public_id: str) -> OutputLedger:
    """Return a ledger of the party's own; raises NotFound."""
    wanted = (
        select(OutputLedger)
        .join(OutputLedger.site)
        .where(OutputLedger.public_id == public_id, *own_sites_only(party))
        .options(selectinload(OutputLedger.drafts))
    )
    found = session.scalar(wanted) if not party.watches else None
    if found is None:
        raise NotFound("ledger", "没有这一台账", "there is no such ledger", id=public_id[:40])
    return found
