"""Weighings of a transfer: listed by page, read from a weighbridge export, or typed from a meter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circularity.calendar_days import DELTA_TIME
from circularity.custody.cleared_weighings import clear_weighings
from circularity.custody.corrections import weights_may_change
from circularity.custody.manifests import Transfer
from circularity.custody.meter_figures import figures_of
from circularity.custody.receipts import receipts_of
from circularity.custody.sheets import add_reading
from circularity.custody.weighings import METERS, OPEN_STATES, SIDES, MeterReading, Ticket
from circularity.errors import RuleBroken
from circularity.organisations import Site
from circularity.uploads import WEIGHBRIDGE
from web.pages.desk.acting import require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.pages.desk.imports import ask_import
from web.pages.desk.transfers import find_transfer, require_party, standing_in
from web.pages.requests import page_of
from web.session import read_session

ROWS = 50
LONGEST_WORDS = 200
"""Of what the rows of a file must say to be taken."""

WHO = {"sender": "generator", "receiver": "receiver"}


def show_tickets(public_id: str) -> str:
    """Show the weighings of a transfer."""
    session, party = read_session(), require_acting()
    transfer = find_transfer(session, party, public_id)
    side = _side()
    lines = [line.id for line in transfer.lines]
    standing = standing_in(transfer, party)
    wanted = select(Ticket).where(Ticket.line_id.in_(lines), Ticket.side == side)
    facts: dict[str, Any] = {
        "page": page_of(
            session.scalar(select(func.count()).select_from(wanted.subquery())) or 0,
            lambda limit, offset: session.scalars(
                wanted.order_by(Ticket.weighed_at, Ticket.ticket_no).limit(limit).offset(offset)
            ).all(),
            size=ROWS,
        ),
        "readings": session.scalars(
            select(MeterReading).where(MeterReading.line_id.in_(lines), MeterReading.side == side)
        ).all(),
        "side": side,
        "sides": [
            mine for mine in SIDES if WHO[mine] in standing.parties and transfer.status in OPEN_STATES[mine]
        ],
        "correctable": standing.is_party and weights_may_change(transfer),
        "picked": _picked(session, lines, side),
        "refuses": any(receipt.refused_kg for receipt in receipts_of(session, transfer).values()),
        "meters": METERS,
        "figures": figures_of(transfer.metering),
        "numbers": {line.id: line for line in transfer.lines},
    }
    return render_template("tickets.html", transfer=transfer, **facts)


def _side() -> str:
    """Return whose weighings are shown: as the address says, or the form that was just refused."""
    asked = request.values.get("side", "")
    return asked if asked in SIDES else "sender"


def _picked(session: Session, lines: list[int], side: str) -> Ticket | MeterReading | None:
    """Return the weighing that was picked to be put right, by its number and moment."""
    name = request.values.get("name", "")
    try:
        at = datetime.fromisoformat(request.values.get("at", ""))
    except ValueError:
        return None
    if at.tzinfo is None or not name:
        return None
    here = {"side": side}
    ticket = select(Ticket).filter_by(**here, ticket_no=name, weighed_at=at).where(Ticket.line_id.in_(lines))
    reading = select(MeterReading).filter_by(**here, meter=name, read_at=at)
    return session.scalar(ticket) or session.scalar(reading.where(MeterReading.line_id.in_(lines)))


def upload_tickets(public_id: str) -> Answer:
    """Have the tickets of an export added to one line, for the side that weighed them."""

    def ask(session: Session) -> tuple[dict[str, Any], Sequence[Site]]:
        form = FormValues()
        line, side = form.whole("line"), form.text("side")
        form.finish()
        transfer = _open(session, public_id, side)
        if line not in {row.number for row in transfer.lines}:
            raise RuleBroken("no_such_line", f"没有第 {line} 行", f"there is no line {line}", field="line")
        site = transfer.sender_site if side == "sender" else transfer.facility.site
        words = form.text("words")[:LONGEST_WORDS]
        return {"transfer": public_id, "line": line, "side": side, "words": words}, [site]

    return ask_import("tickets", WEIGHBRIDGE, ask, lambda: show_tickets(public_id))


def clear(public_id: str) -> Answer:
    """Take what a side has weighed out again, before it signs."""
    party = require_acting()

    def take_out(session: Session, at: datetime) -> str:
        side = FormValues().text("side")
        transfer = _open(session, public_id, side)
        clear_weighings(session, actor=party.actor, at=at, transfer=transfer, side=side)
        return url_for("desk.tickets", public_id=public_id, side=side)

    return attempt("clear", take_out, lambda: show_tickets(public_id))


def type_reading(public_id: str) -> Answer:
    """Add one reading of a meter or a survey."""
    party = require_acting()

    def add(session: Session, at: datetime) -> str:
        form = FormValues()
        transfer = _open(session, public_id, form.text("side"))
        shown = figures_of(form.text("kind"))
        figures = {name: form.whole(name) for name in shown if form.text(name)}
        facts = {
            "kind": form.text("kind"),
            "meter": form.text("meter"),
            "read_at": _moment(form),
            "mass_kg": form.maybe_mass("mass_t"),
            "figures": figures,
            "line": form.whole("line"),
            "side": form.text("side"),
        }
        form.finish()
        add_reading(session, actor=party.actor, at=at, transfer=transfer, **facts)  # type: ignore[arg-type]  # the facts are the verb's own
        return url_for("desk.tickets", public_id=public_id, side=form.text("side"))

    return attempt("reading", add, lambda: show_tickets(public_id))


def _open(session: Session, public_id: str, side: str) -> Transfer:
    party = require_acting()
    transfer = find_transfer(session, party, public_id)
    require_party(transfer, party, WHO.get(side, ""))
    return transfer


def _moment(form: FormValues) -> datetime:
    try:
        return datetime.fromisoformat(form.text("read_at")).replace(tzinfo=DELTA_TIME)
    except ValueError:
        form.refuse("read_at", "no_moment", "应为日期和时间", "must be a day and a time")
        return datetime.max.replace(tzinfo=UTC)
