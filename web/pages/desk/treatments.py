"""Treatments as a facility records them, and the list of those that a party made or sent loads to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from circularity.catalogue.operations import all_operations
from circularity.custody.manifests import TransferLine
from circularity.custody.reception import RESULTS, Receipt, Treatment
from circularity.custody.treatment_notices import not_told
from circularity.custody.treatments import Result, record_treatment
from circularity.errors import NotAllowed
from circularity.listings import Page
from circularity.party_listings import facilities_seen, total, treatments_seen, untreated
from circularity.registry.entitlements import Facility
from circularity.seen_treatments import SeenTreatment, seen_treatment
from web.api.lookups import named_in_body
from web.language import said
from web.pages.desk.acting import Acting, acting, require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.pages.requests import page_of
from web.permission_check import told_of, watched
from web.session import read_session
from web.today import today

FORM = "treatment"
ROWS = (1, 2, 3, 4)
MOST_LOADS = 40
"""The oldest loads that one form lists."""

WITH_TRANSFER = joinedload(Receipt.line).joinedload(TransferLine.transfer)
"""A load is told from another by its sender and its number."""


def show_treatments() -> str:
    """Show treatments, and to a facility what waits to be treated."""
    session, party = read_session(), acting()
    page, facilities = None, []
    new: set[int] = set()
    if party is not None:
        page, new = _listed(session, party)
        facilities = _own(session, party)
    named = request.values.get("facility", "")
    chosen = next((row for row in facilities if row.public_id == named), next(iter(facilities), None))
    facts = {
        "facilities": [(row.public_id, said(row.site)) for row in facilities],
        "chosen": chosen,
        "loads": _oldest(session, chosen) if chosen else [],
        "waiting": total(session, untreated(chosen)) if chosen else 0,
        "operations": all_operations(today()),
        "results": RESULTS,
        "rows": ROWS,
        "today": today(),
    }
    return render_template("treatments.html", page=page, new=new, **facts)


def _oldest(session: Session, facility: Facility) -> Sequence[Receipt]:
    """Return the loads that the form lists, each with the transfer that it names."""
    return session.scalars(untreated(facility).limit(MOST_LOADS).options(WITH_TRANSFER)).all()


def treat() -> Answer:
    """Record a treatment."""
    party = require_acting()

    def put(session: Session, at: datetime) -> str:
        form = FormValues()
        facility = named_in_body(session, Facility, "facility", form.text("facility"))
        if not party.acts_at(facility.site):
            zh, en = "只能填写本单位的设施", "only its own organisation records a facility's treatments"
            raise NotAllowed("not_your_facility", zh, en)
        inputs = _inputs(session, form, facility)
        results = _results(form)
        days = form.day("day_from"), form.day("day_to")
        form.finish()
        record_treatment(
            session,
            actor=party.actor,
            at=at,
            facility=facility,
            operation=form.text("operation"),
            day_from=days[0],
            day_to=days[1],
            inputs=inputs,
            results=results,
        )
        return url_for("desk.treatments", facility=facility.public_id)

    return attempt(FORM, put, show_treatments)


def _listed(session: Session, party: Acting) -> tuple[Page[SeenTreatment], set[int]]:
    """Return a page of treatments as the party sees them, and which of all are new to it as their sender."""
    unread = (
        set()
        if party.watches
        else set(session.scalars(select(Treatment.id).where(not_told(party.organisation, party.sites))))
    )
    wanted = (
        select(Treatment)
        .where(treatments_seen(party.organisation, party.side, party.sites), told_of(Treatment))
        .order_by(Treatment.id.in_(unread).desc(), Treatment.day_to.desc(), Treatment.id.desc())
    )
    page = page_of(
        total(session, wanted),
        lambda limit, offset: [
            seen_treatment(session, row, party.organisation, party.side, party.sites)
            for row in session.scalars(wanted.limit(limit).offset(offset))
        ],
    )
    for seen in page.rows if party.watches else ():
        watched("Treatment", seen.treatment.public_id, seen.owners)
    return page, unread


def _own(session: Session, party: Acting) -> list[Facility]:
    """Return the facilities that the party itself records treatments for."""
    if party.watches:
        return []
    own = facilities_seen(party.organisation, party.side, party.sites)
    return list(session.scalars(select(Facility).where(Facility.id.in_(own)).order_by(Facility.id)))


def _inputs(session: Session, form: FormValues, facility: Facility) -> list[tuple[Receipt, int | None]]:
    """Return the loads that have a mass, or a tick, which takes all that is left; or all up to a day.

    Up to a day it is all that was received for the operation, but for loads of which a mass is typed.
    """
    found: dict[Receipt, int | None] = {}
    for receipt in session.scalars(untreated(facility).limit(MOST_LOADS)):
        mass_kg = form.maybe_mass(f"inputs.{receipt.public_id}.mass_t")
        if mass_kg is not None or form.text(f"inputs.{receipt.public_id}.all"):
            found[receipt] = mass_kg
    until = form.maybe_day("until")
    if until is not None:
        lines = TransferLine.operation == form.text("operation")
        of_operation = Receipt.line_id.in_(select(TransferLine.id).where(lines))
        rest = untreated(facility).where(Receipt.received_on <= until, of_operation)
        found = {**dict.fromkeys(session.scalars(rest)), **found}
    return list(found.items())


def _results(form: FormValues) -> list[Result]:
    found = []
    for row in ROWS:
        mass_kg = form.maybe_mass(f"results.{row}.mass_t")
        if mass_kg is not None:
            kind, name, code = (form.text(f"results.{row}.{part}") for part in ("kind", "name", "waste_code"))
            found.append(Result(kind, mass_kg, name, code))
    return found
