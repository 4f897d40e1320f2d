"""A party's own lots: what became of each, and of one lot the outlets that are lawful or nearly so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from circularity.catalogue.waste_codes import URGENT_MARGIN_DAYS
from circularity.errors import NotAllowed, NotFound
from circularity.own_lots import FATES, fates_of, lots, lots_seen
from circularity.party_listings import total
from circularity.registry.drafts import OutputDraft, drafts_of
from circularity.registry.outputs import Output, withdraw_output
from circularity.runs.stored import latest_run, proposals_of_output
from matching.advice.near import near_outlets
from matching.advice.recommending import outlets_for_output
from web.auth.identity import may_open
from web.formats import waste_type
from web.pages.desk.acting import Acting, acting, require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.requests import choice, page_of
from web.permission_check import note_shown, told_of
from web.session import live_receivers, read_session
from web.today import now, today

OUTLETS, DRAFTS = 12, 10
FORM = "withdraw"


def show_lots() -> str:
    """Show the lots of the party one acts for, what became of each beside it."""
    session, party = read_session(), acting()
    fate, run, page = choice("fate", FATES), latest_run(session), None
    drafts: Sequence[OutputDraft] = ()
    draft_total = 0
    if party is not None and not party.watches and may_open("desk.lot_draft"):
        waiting = drafts_of(party.organisation, party.sites)
        drafts, draft_total = session.scalars(waiting.limit(DRAFTS)).all(), total(session, waiting)
    if party is not None:
        seen = lots_seen(party.organisation, party.side, party.sites) & told_of(Output)
        wanted = lots(seen, run, fate, today())
        page = page_of(
            total(session, wanted),
            lambda limit, offset: fates_of(
                session, session.scalars(wanted.limit(limit).offset(offset)).all(), run, today()
            ),
        )
        note_shown(it.output for it in page.rows)
    facts: dict[str, Any] = {"drafts": drafts, "draft_total": draft_total}
    facts |= {"fate": fate, "fates": FATES, "run": run, "urgent_days": URGENT_MARGIN_DAYS}
    return render_template("lots/list.html", page=page, waste_type=waste_type, **facts)


def show_lot(public_id: str) -> str:
    """Show one lot of one's own: its terms, what became of it, its best outlets and nearest misses."""
    session, party = read_session(), require_acting()
    output, run = find_lot(session, party, public_id), latest_run(session)
    (fate,) = fates_of(session, [output], run, today())
    asked: dict[str, Any] = {"live": live_receivers(), "session": session, "output": output, "at": now()}
    facts = {
        "fate": fate,
        "waste": waste_type(output.waste_code),
        "run": run,
        "proposals": proposals_of_output(session, run, output) if run else [],
        "outlets": outlets_for_output(**asked, limit=OUTLETS),
        "near": near_outlets(**asked),
        "urgent_days": URGENT_MARGIN_DAYS,
        "own": is_own(party, output),
    }
    return render_template("lots/lot.html", output=output, **facts)


def withdraw_lot(public_id: str) -> Answer:
    """Take one lot out of future runs."""
    party = require_acting()

    def withdraw(session: Session, at: datetime) -> str:
        output = own_lot(session, party, public_id)
        withdraw_output(session, actor=party.actor, at=at, output=output)
        return url_for("desk.lot", public_id=public_id)

    return attempt(FORM, withdraw, lambda: show_lot(public_id))


def find_lot(session: Session, party: Acting, public_id: str) -> Output:
    """Return a lot that the party may see in full; raises NotFound."""
    wanted = (
        select(Output)
        .filter_by(public_id=public_id)
        .where(lots_seen(party.organisation, party.side, party.sites))
    )
    found = session.scalar(wanted.options(joinedload(Output.site), selectinload(Output.assays)))
    if found is None:
        raise NotFound("output", "没有这一批废物", "there is no such output", id=public_id[:40])
    return found


def own_lot(session: Session, party: Acting, public_id: str) -> Output:
    """Return a lot of the party's own; raises NotFound, NotAllowed."""
    found = find_lot(session, party, public_id)
    if not is_own(party, found):
        zh, en = "只有产生单位可以操作", "only the generator does this"
        raise NotAllowed("not_a_party", zh, en)
    return found


def is_own(party: Acting, output: Output) -> bool:
    """Tell whether a lot is the party's own and not one that it watches."""
    return party.acts_at(output.site)
