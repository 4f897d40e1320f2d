"""Drafting a transfer from an agreement, and changing the draft: its lines, carriers, how it is metered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from circularity.catalogue.waste_types import is_hazardous
from circularity.custody.drafting import Draft, Load, draft_transfer
from circularity.custody.manifests import CONVEYANCES, METERINGS, Transfer
from circularity.custody.redrafting import change_draft
from circularity.deals.contract import Agreement
from circularity.lifecycle import next_step
from web.pages.desk.acting import Acting, require_acting
from web.pages.desk.agreements import find_agreement
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.carrier_form import ROWS, carrier_names, typed_carriers
from web.pages.desk.form_values import FormValues
from web.pages.desk.repeated_drafts import typed_as, typed_like
from web.pages.desk.shared_deals import deals_of_pair
from web.pages.desk.transfers import find_transfer, require_party
from web.session import read_session
from web.today import today

FORM = "draft"


def show_new_transfer(public_id: str) -> str:
    """Show the form for a transfer on an agreement, filled from another one where `?like=` names it."""
    session, party = read_session(), require_acting()
    agreement = find_agreement(session, party, public_id)
    groups = deals_of_pair(session, agreement)
    like = request.args.get("like", "")
    typed = typed_like(find_transfer(session, party, like), groups) if like else {}
    return _form(session, agreement, groups, typed)


def draft(public_id: str) -> Answer:
    """Draft the transfer and go to its page."""
    party = require_acting()

    def make(session: Session, at: datetime) -> str:
        agreement = find_agreement(session, party, public_id)
        said = _typed_draft(session, agreement, deals_of_pair(session, agreement))
        drafted = draft_transfer(
            session,
            actor=party.actor,
            at=at,
            agreement=said.agreement,
            sender_site=agreement.site,
            lines=said.lines,
            carriers=said.carriers,
            conveyance=said.conveyance,
            vehicle=said.vehicle,
            day=said.day,
            metering=said.metering,
            day_to=said.day_to,
        )
        session.flush()
        return url_for("desk.transfer", public_id=drafted.public_id)

    return attempt(FORM, make, lambda: show_new_transfer(public_id))


def show_draft(public_id: str) -> str:
    """Show a draft in the form that it was made with, as its sender."""
    session, party = read_session(), require_acting()
    transfer = _own_draft(session, party, public_id)
    groups = deals_of_pair(session, transfer.agreement, transfer.lines)
    facts = {
        "transfer": transfer,
        "numbered": transfer.official_number or any(is_hazardous(row.waste_code) for row in transfer.lines),
    }
    return _form(session, transfer.agreement, groups, typed_as(transfer, groups), **facts)


def change(public_id: str) -> Answer:
    """Let the draft say what was typed, unless somebody else has changed it meanwhile."""
    party = require_acting()

    def say(session: Session, at: datetime) -> str:
        transfer = _own_draft(session, party, public_id)
        groups = deals_of_pair(session, transfer.agreement, transfer.lines)
        form = FormValues()
        version = form.whole("version")
        form.finish()
        change_draft(
            session,
            actor=party.actor,
            at=at,
            transfer=transfer,
            version=version,
            draft=_typed_draft(session, transfer.agreement, groups),
            official_number=form.text("official_number"),
        )
        return url_for("desk.transfer", public_id=public_id)

    return attempt(FORM, say, lambda: show_draft(public_id))


def _own_draft(session: Session, party: Acting, public_id: str) -> Transfer:
    """Return a draft of the party one acts for; raises RuleBroken `illegal_step` once it is signed."""
    transfer = find_transfer(session, party, public_id)
    require_party(transfer, party, "generator")
    next_step(transfer.lifecycle, transfer.status, "redraft", "generator")
    return transfer


def _form(
    session: Session,
    agreement: Agreement,
    groups: Sequence[Sequence[Agreement]],
    like: Mapping[str, str],
    **facts: Any,
) -> str:
    drafted: Transfer | None = facts.get("transfer")
    carriers = max(len(ROWS), len(drafted.carriages) if drafted else 0)
    facts |= {
        "groups": groups,
        "one_line": len(groups) == 1,
        "like": like,
        "carriers": carrier_names(session, agreement),
        "rows": range(1, carriers + 1),
        "meterings": METERINGS,
        "conveyances": CONVEYANCES,
        "today": today(),
    }
    return render_template("new_transfer.html", agreement=agreement, **facts)


def _typed_draft(session: Session, main: Agreement, groups: Sequence[Sequence[Agreement]]) -> Draft:
    """Return what was typed; the transfer's agreement is one that it carries something for."""
    form = FormValues()
    day, day_to = form.day("day"), form.maybe_day("day_to")
    loads = _loads(form, groups)
    form.finish()
    carriers = typed_carriers(session, form)
    used = [load.agreement for load in loads if load.agreement is not None]
    return Draft(
        agreement=used[0] if used and main not in used else main,
        lines=loads,
        conveyance=form.text("conveyance"),
        day=day,
        carriers=carriers,
        vehicle=form.text("vehicle"),
        metering=form.text("metering"),
        day_to=day_to,
    )


def _loads(form: FormValues, groups: Sequence[Sequence[Agreement]]) -> list[Load]:
    """Return the lines that have a mass, each on the agreement that it names, else the first of its place."""
    known = {deal.public_id: deal for group in groups for deal in group}
    loads = []
    for number in form.rows("lines"):
        row = f"lines.{number}."
        mass_kg = form.maybe_mass(f"{row}sent_t")
        if mass_kg is None:
            continue
        offered = groups[number - 1][0].public_id if number <= len(groups) else ""
        agreement = known.get(form.text(f"{row}agreement") or offered)
        if agreement is None:
            zh, en = "不是双方之间的有效协议", "is no agreement of the two parties that stands"
            form.refuse(f"{row}agreement", "unknown", zh, en)
            continue
        moisture, packaging = form.percent(f"{row}sent_moisture_percent"), form.text(f"{row}packaging")
        waste = agreement.waste_code, agreement.operation
        loads.append(Load(*waste, mass_kg, moisture, packaging, agreement))
    return loads
