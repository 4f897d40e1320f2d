"""Lots that are not posted yet: kept, changed, thrown away, posted by one act; their outlets beforehand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import render_template, url_for
from sqlalchemy.orm import Session

from circularity.errors import NotFound, Stale
from circularity.registry.drafts import (
    OutputDraft,
    change_draft,
    discard_drafts,
    draft_output,
    drafts_of,
    post_drafts,
)
from matching.advice.near import near_outlets
from matching.advice.recommending import outlets_for_output
from web.formats import waste_type
from web.pages.desk.acting import Acting, require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.pages.desk.lot_acts import show_new_lot
from web.pages.desk.lot_form import FORM, choices, read_terms, typed_terms
from web.pages.desk.months import own_site
from web.pages.desk.own_lots import OUTLETS, show_lots
from web.session import live_receivers, read_session
from web.today import now


def draft_lot() -> Answer:
    """Keep what was typed, and show where it could go."""
    party = require_acting()

    def keep(session: Session, at: datetime) -> str:
        form = FormValues()
        site, terms = own_site(session, party, form), read_terms(form)
        form.finish()
        draft = draft_output(session, actor=party.actor, at=at, site=site, terms=terms)
        return url_for("desk.lot_draft", public_id=draft.public_id)

    return attempt(FORM, keep, show_new_lot)


def show_draft(public_id: str) -> str:
    """Show a draft with its outlets, as if it were posted."""
    session, party = read_session(), require_acting()
    draft = own_draft(session, party, public_id)
    asked: dict[str, Any] = {"live": live_receivers(), "session": session, "output": draft.lot, "at": now()}
    facts = {
        "output": asked["output"],
        "waste": waste_type(draft.terms["waste_code"]),
        "outlets": outlets_for_output(**asked, limit=OUTLETS),
        "near": near_outlets(**asked),
    }
    return render_template("lots/draft.html", draft=draft, **facts)


def show_changed_draft(public_id: str) -> str:
    """Show the form of a draft."""
    session, party = read_session(), require_acting()
    draft = own_draft(session, party, public_id)
    facts: dict[str, Any] = {"sites": [], "site": "", "typed": typed_terms(draft.said), "output": None}
    return render_template("lots/form.html", draft=draft, **facts, **choices(session))


def change_one_draft(public_id: str) -> Answer:
    """Replace the terms of a draft, unless somebody else did since the form was opened."""
    party = require_acting()

    def replace(session: Session, at: datetime) -> str:
        form, draft = FormValues(), own_draft(session, party, public_id)
        terms = read_terms(form)
        form.finish()
        if form.text("version") != str(draft.version):
            zh, en = "数据刚被他人更改，请重新读取", "somebody else has just changed it: read it again"
            raise Stale("stale", zh, en)
        change_draft(session, actor=party.actor, at=at, draft=draft, terms=terms)
        return url_for("desk.lot_draft", public_id=public_id)

    return attempt(FORM, replace, lambda: show_changed_draft(public_id))


def discard_draft(public_id: str) -> Answer:
    """Throw a draft away."""
    party = require_acting()

    def discard(session: Session, at: datetime) -> str:
        draft = own_draft(session, party, public_id)
        discard_drafts(session, actor=party.actor, at=at, drafts=[draft])
        return url_for("desk.lots")

    return attempt("discard", discard, lambda: show_draft(public_id))


def post_draft(public_id: str) -> Answer:
    """Post a draft and go to the lot that it has become."""
    party = require_acting()

    def post(session: Session, at: datetime) -> str:
        draft = own_draft(session, party, public_id)
        (lot,) = post_drafts(session, actor=party.actor, at=at, drafts=[draft])
        return url_for("desk.lot", public_id=lot.public_id)

    return attempt("post", post, lambda: show_draft(public_id))


def post_all_drafts() -> Answer:
    """Post every draft of the party, all or none."""
    party = require_acting()

    def post(session: Session, at: datetime) -> str:
        drafts = list(session.scalars(drafts_of(party.of(session), party.sites)))
        post_drafts(session, actor=party.actor, at=at, drafts=drafts[::-1])
        return url_for("desk.lots")

    return attempt("post", post, show_lots)


def own_draft(session: Session, party: Acting, public_id: str) -> OutputDraft:
    """Return a draft of the party's own; raises NotFound, for others know of none."""
    wanted = drafts_of(party.organisation, party.sites).where(OutputDraft.public_id == public_id)
    found = session.scalar(wanted) if not party.watches else None
    if found is None:
        raise NotFound("draft", "没有这一草稿", "there is no such draft", id=public_id[:40])
    return found
