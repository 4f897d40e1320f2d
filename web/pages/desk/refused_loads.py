"""A refused load: returned to its sender, or sent on to another receiver from where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from circularity.custody.manifests import CONVEYANCES, Transfer, TransferLine
from circularity.custody.refusals import refused_of, rematch_refused
from circularity.deals.contract import Agreement
from circularity.errors import BadInput, InputProblem
from matching.advice.refused_loads import outlets_for_load
from web.api.lookups import named_in_body
from web.pages.desk.acting import require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.carrier_form import ROWS, carrier_names, typed_carriers
from web.pages.desk.form_values import FormValues
from web.pages.desk.transfers import find_transfer, require_party
from web.session import live_receivers, read_session
from web.today import now, today

FORM = "onward"
OUTLETS = 10
"""How many outlets are told of each refused waste."""


def show_refused_load(public_id: str) -> str:
    """Show what was refused, where it stands, and both ways on: home, or to another receiver."""
    session, party = read_session(), require_acting()
    transfer = find_transfer(session, party, public_id)
    require_party(transfer, party, "generator")
    rests = refused_of(session, transfer)
    facts = {
        "rests": rests,
        "one_line": len(rests) == 1,
        "ways": {line.number: _could_take(session, line) for line, _ in rests},
        "outlets": {line.number: _outlets(session, line, mass_kg) for line, mass_kg in rests},
        "drafted": session.scalars(
            select(Transfer).filter_by(refused_transfer_id=transfer.id).where(Transfer.status != "cancelled")
        ).all(),
        "carriers": carrier_names(session, transfer.agreement),
        "carrier_rows": ROWS,
        "conveyances": CONVEYANCES,
        "today": today(),
    }
    return render_template("refused_load.html", transfer=transfer, **facts)


def send_on(public_id: str) -> Answer:
    """Draft the trip that takes all refused mass on; its sender's signature re-matches the load."""
    party = require_acting()

    def draft(session: Session, at: datetime) -> str:
        transfer = find_transfer(session, party, public_id)
        require_party(transfer, party, "generator")
        form = FormValues()
        agreements = [_chosen(session, form, line) for line, _ in refused_of(session, transfer)]
        carriers, day = typed_carriers(session, form), form.day("day")
        form.finish()
        drafted = rematch_refused(
            session,
            actor=party.actor,
            at=at,
            transfer=transfer,
            agreements=agreements,
            carriers=carriers,
            conveyance=form.text("conveyance"),
            vehicle=form.text("vehicle"),
            day=day,
        )
        session.flush()
        return url_for("desk.transfer", public_id=drafted.public_id)

    return attempt(FORM, draft, lambda: show_refused_load(public_id))


def _could_take(session: Session, line: TransferLine) -> Sequence[Agreement]:
    """Return the sender's agreements in force about a waste with other facilities."""
    transfer = line.transfer
    return session.scalars(
        select(Agreement)
        .filter_by(site_id=transfer.sender_site_id, waste_code=line.waste_code, status="agreed")
        .where(Agreement.facility_id != transfer.facility_id)
        .options(selectinload(Agreement.offers))
        .order_by(Agreement.id)
    ).all()


def _chosen(session: Session, form: FormValues, line: TransferLine) -> Agreement:
    field = f"lines.{line.number}.agreement"
    if not form.text(field):
        zh, en = f"{field} 请选择协议", f"{field} is missing: choose an agreement"
        raise BadInput([InputProblem("form", None, field, "empty", "", zh, en)])
    chosen = named_in_body(session, Agreement, field, form.text(field))
    if chosen not in _could_take(session, line):
        zh, en = f"{field} 不能接收这一废物", f"{field} does not take this waste"
        raise BadInput([InputProblem("form", None, field, "other_agreement", "", zh, en)])
    return chosen


def _outlets(session: Session, line: TransferLine, mass_kg: int) -> list[object]:
    found = outlets_for_load(live_receivers(), session, line, mass_kg, at=now(), limit=OUTLETS)
    return list(found)
