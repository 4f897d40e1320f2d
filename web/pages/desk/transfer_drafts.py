"""Drafting a transfer from an agreement: its lines, its carriers, how it is metered."""

from __future__ import annotations

from datetime import date, datetime

from flask import render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from circularity.custody.manifests import CONVEYANCES, METERINGS
from circularity.custody.transfers import Load, draft_transfer
from circularity.deals.agreements import in_force
from circularity.deals.contract import Agreement
from web.pages.desk.acting import require_acting
from web.pages.desk.agreements import find_agreement
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.carrier_form import ROWS, carrier_names, typed_carriers
from web.pages.desk.form_values import FormValues
from web.pages.desk.repeated_drafts import typed_like
from web.pages.desk.transfers import find_transfer
from web.session import read_session
from web.today import today

FORM = "draft"


def show_new_transfer(public_id: str) -> str:
    """Show the form for a transfer on an agreement, filled from another one where `?like=` names it."""
    session, party = read_session(), require_acting()
    agreement = find_agreement(session, party, public_id)
    deals = _deals(session, agreement)
    like = request.args.get("like", "")
    facts = {
        "deals": deals,
        "one_line": len(deals) == 1,
        "like": typed_like(find_transfer(session, party, like), deals) if like else {},
        "carriers": carrier_names(session, agreement),
        "rows": ROWS,
        "meterings": METERINGS,
        "conveyances": CONVEYANCES,
        "today": today(),
    }
    return render_template("new_transfer.html", agreement=agreement, **facts)


def draft(public_id: str) -> Answer:
    """Draft the transfer and go to its page."""
    party = require_acting()

    def make(session: Session, at: datetime) -> str:
        agreement = find_agreement(session, party, public_id)
        form = FormValues()
        day = form.day("day")
        drafted = draft_transfer(
            session,
            actor=party.actor,
            at=at,
            agreement=agreement,
            sender_site=agreement.site,
            lines=_loads(session, form, agreement),
            carriers=typed_carriers(session, form),
            conveyance=form.text("conveyance"),
            vehicle=form.text("vehicle"),
            day=day,
            metering=form.text("metering"),
            day_to=_last_day(form, day),
        )
        session.flush()
        return url_for("desk.transfer", public_id=drafted.public_id)

    return attempt(FORM, make, lambda: show_new_transfer(public_id))


def _loads(session: Session, form: FormValues, main: Agreement) -> list[Load]:
    """Return the lines that have a mass, one per agreement between the same two parties."""
    loads = []
    for number, agreement in enumerate(_deals(session, main), 1):
        mass_kg = form.maybe_mass(f"lines.{number}.sent_t")
        if mass_kg is not None:
            loads.append(
                Load(
                    agreement.waste_code,
                    agreement.operation,
                    mass_kg,
                    form.percent(f"lines.{number}.sent_moisture_percent"),
                    form.text(f"lines.{number}.packaging"),
                    agreement,
                )
            )
    form.finish()
    return loads


def _last_day(form: FormValues, day: date) -> date:
    last = form.day("day_to") if form.text("day_to") else day
    form.finish()
    return last


def _deals(session: Session, main: Agreement) -> list[Agreement]:
    """Return the agreement, then of each other waste of the same site and facility the one to deliver on.

    That is one that holds today and has mass left before one that does not, the newest first.
    """
    others = session.scalars(
        select(Agreement)
        .filter_by(site_id=main.site_id, facility_id=main.facility_id, status="agreed")
        .where(Agreement.id != main.id, Agreement.waste_code != main.waste_code)
        .options(selectinload(Agreement.offers))
    )
    of_waste: dict[str, Agreement] = {}
    for agreement in sorted(others, key=lambda row: (_delivers(session, row), row.id), reverse=True):
        of_waste.setdefault(agreement.waste_code, agreement)
    return [main, *(of_waste[code] for code in sorted(of_waste))]


def _delivers(session: Session, agreement: Agreement) -> bool:
    return in_force(session, agreement, today()) and agreement.shipped_kg < agreement.offer.mass_kg
