"""Choosing for whom one acts, and the desk: what waits for that party."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.custody.manifests import Transfer
from circularity.deals.agreements import in_force_on
from circularity.deals.contract import Agreement
from circularity.errors import BadInput, InputProblem
from circularity.ledger.months import LedgerMonth
from circularity.organisations import ROLES, Organisation
from circularity.party_listings import (
    agreements,
    agreements_seen,
    months,
    months_seen,
    total,
    transfers,
    transfers_seen,
)
from web.api.writing import refuse_unless_writable
from web.pages.desk.acting import (
    Acting,
    act_for,
    act_for_nobody,
    acting,
    default_person,
    own_organisations,
    sides_of,
)
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.pages.desk.waiting import gaps_of, overdue_of, waiting_for
from web.pages.requests import choice, page_of, text
from web.permission_check import note_shown, told_of
from web.session import read_session
from web.today import today

FORM = "acting"
SHOWN = 5
"""So many of what is late or ahead stand on the desk itself."""
ON_THE_WAY = ("draft", "submitted", "picked_up", "arrived", "returning", "refused", "partly_accepted")


def show_home() -> str:
    """Show what waits for the party one acts for."""
    party = acting()
    facts: dict[str, Any] = {"waiting": [], "late": [], "gaps": [], "totals": {}, "shown": SHOWN}
    if party is not None:
        session = read_session()
        late, ahead = overdue_of(session, party), gaps_of(session, party)
        note_shown([row.transfer for row in late[:SHOWN]])
        note_shown([gap.agreement for gap in ahead[:SHOWN]])
        facts |= {
            "waiting": waiting_for(session, party),
            "late": late,
            "gaps": ahead,
            "totals": _totals(session, party),
        }
    return render_template("desk.html", **facts)


def show_acting() -> str:
    """Show the parties of the registry, to act as one of them."""
    session = read_session()
    wanted = select(Organisation).order_by(Organisation.name_zh, Organisation.id)
    if text():
        names = (Organisation.name_zh, Organisation.name_en)
        wanted = wanted.where(
            names[0].icontains(text(), autoescape=True) | names[1].icontains(text(), autoescape=True)
        )
    own = own_organisations()
    if own is not None:
        wanted = wanted.where(Organisation.id.in_(own))
    role = choice("role", ROLES)
    found = [row for row in session.scalars(wanted) if not role or role in row.roles]
    page = page_of(len(found), lambda limit, offset: found[offset : offset + limit], size=20)
    return render_template("acting.html", page=page, asked=text(), role=role, roles=ROLES, sides_of=sides_of)


def choose_acting() -> Answer:
    """Act for the chosen organisation from now on, or for nobody."""
    refuse_unless_writable()
    if request.form.get("nobody"):
        act_for_nobody()
        return redirect(url_for("desk.acting"), 303)

    def choose(session: Session, _: datetime) -> str:
        form = FormValues()
        found = session.scalar(select(Organisation).filter_by(public_id=form.text("organisation")))
        side = form.text("side")
        own = own_organisations()
        if found is None or side not in sides_of(found) or (own is not None and found.id not in own):
            zh, en = "请选择单位及其身份", "choose an organisation and one of its sides"
            raise BadInput([InputProblem(FORM, None, "organisation", "unknown_party", "", zh, en)])
        act_for(found, side, form.text("person")[:100] or default_person(found))
        return url_for("desk.home")

    return attempt(FORM, choose, show_acting)


def _totals(session: Session, party: Acting) -> dict[str, int]:
    """Return how much there is of each kind in all."""
    organisation, side, only = party.organisation, party.side, party.sites
    seen = transfers_seen(organisation, side, only) & told_of(Transfer)
    deals = agreements_seen(organisation, side, only) & told_of(Agreement) & in_force_on(today())
    written = months_seen(organisation, side, only) & told_of(LedgerMonth)
    return {
        "in_force": total(session, agreements(deals)),
        "under_way": total(session, transfers(seen, ON_THE_WAY)),
        "transfers": total(session, transfers(seen)),
        "months": total(session, months(written)),
    }
