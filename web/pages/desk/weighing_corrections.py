"""Asking for a correction of one weighing: put right, voided, or added where it was forgotten."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from circularity.calendar_days import DELTA_TIME
from circularity.custody.corrected_weighings import WeighingChange
from circularity.custody.corrections import ask_correction
from circularity.custody.meter_figures import figures_of
from web.pages.desk.acting import require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.pages.desk.tickets import show_tickets
from web.pages.desk.transfers import find_transfer


def correct_weighing(public_id: str) -> Answer:
    """Ask the other parties to agree that one ticket or reading is put right, voided or added."""
    party = require_acting()

    def ask(session: Session, at: datetime) -> str:
        form = FormValues()
        transfer = find_transfer(session, party, public_id)
        change, refused = _typed(form, transfer.metering), _refused_too(form)
        form.finish()
        ask_correction(
            session,
            actor=party.actor,
            at=at,
            transfer=transfer,
            organisation=party.of(session),
            changes=refused,
            reason=form.text("reason"),
            weighings=[change],
        )
        return url_for("desk.transfer", public_id=public_id)

    form_name = "forgotten" if FormValues().text("act") == "add" else "weighing"
    return attempt(form_name, ask, lambda: show_tickets(public_id))


def _typed(form: FormValues, metering: str) -> WeighingChange:
    """Return the weighing that was typed; of one that is voided nothing but which it is."""
    thing, act = form.text("thing"), form.text("act")
    values = {} if act == "void" else _ticket(form) if thing == "ticket" else _reading(form, metering)
    side, name, at, line = form.text("side"), form.text("name"), _moment(form), form.whole("line")
    return WeighingChange(thing, act, side, name, at, values, line)


def _ticket(form: FormValues) -> dict[str, Any]:
    weights = {"gross_kg": form.mass("gross_t"), "tare_kg": form.mass("tare_t")}
    return weights | {"plate": form.text("plate")}


def _reading(form: FormValues, metering: str) -> dict[str, Any]:
    figures = {name: form.whole(name) for name in figures_of(metering) if form.text(name)}
    values: dict[str, Any] = {"kind": metering, "figures": figures}
    mass_kg = form.maybe_mass("mass_t")
    return values if mass_kg is None else values | {"mass_kg": mass_kg}


def _refused_too(form: FormValues) -> dict[str, int]:
    """Return what was refused, where it changes with what was weighed."""
    refused_kg = form.maybe_mass("refused_t")
    return {} if refused_kg is None else {f"lines.{form.text('line')}.refused_kg": refused_kg}


def _moment(form: FormValues) -> datetime:
    """Return the moment, as the row has it or as it was typed in the Delta's time."""
    try:
        moment = datetime.fromisoformat(form.text("at"))
    except ValueError:
        form.refuse("at", "no_moment", "应为日期和时间", "must be a day and a time")
        return datetime.max.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=DELTA_TIME)
