"""What a collector stores, and which of it leaves as one: loads put onto a drafted line, tonnes of each."""

from __future__ import annotations

from datetime import datetime

from flask import render_template, url_for
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from circularity.custody.grouping import fractions_of, group_onto, grouped_kg, ungroup
from circularity.custody.manifests import Transfer, TransferLine
from circularity.custody.reception import Receipt
from circularity.errors import NotAllowed
from circularity.party_listings import total
from circularity.registry.entitlements import Facility
from web.pages.desk.acting import Acting, acting, own_sites_only, require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.pages.desk.transfers import find_transfer, require_party, stores
from web.pages.requests import page_of
from web.session import read_session

MOST_LOADS = 100
"""The oldest loads of a waste that one form lists."""

_LEFT_KG = Receipt.accepted_kg - Receipt.forwarded_kg - Receipt.treated_kg


def show_stored() -> str:
    """Show the loads that a collector stores, the oldest first."""
    session, party = read_session(), acting()
    page = None
    if party is not None and not party.watches:
        wanted = _stored(party)
        page = page_of(
            total(session, wanted),
            lambda limit, offset: session.scalars(wanted.limit(limit).offset(offset)).all(),
        )
    return render_template("stored_loads.html", page=page)


def show_grouping(public_id: str) -> str:
    """Show what of the stored loads leaves on each line of a draft, and what else could."""
    session, party = read_session(), require_acting()
    transfer = _draft(session, party, public_id)
    lines = [
        (line, grouped_kg(session, line), fractions_of(session, line), _loads_for(session, party, line))
        for line in transfer.lines
    ]
    return render_template("grouping.html", transfer=transfer, lines=lines, most=MOST_LOADS)


def group(public_id: str) -> Answer:
    """Put the chosen loads onto their lines."""
    party = require_acting()

    def put(session: Session, at: datetime) -> str:
        transfer = _draft(session, party, public_id)
        form = FormValues()
        for line in transfer.lines:
            chosen = _chosen(session, form, party, line)
            form.finish()
            if chosen:
                group_onto(session, actor=party.actor, at=at, line=line, fractions=chosen)
        return url_for("desk.grouping", public_id=public_id)

    return attempt("group", put, lambda: show_grouping(public_id))


def clear_grouping(public_id: str) -> Answer:
    """Take every load off a draft again."""
    party = require_acting()

    def take_off(session: Session, at: datetime) -> str:
        transfer = _draft(session, party, public_id)
        for line in transfer.lines:
            ungroup(session, actor=party.actor, at=at, line=line)
        return url_for("desk.grouping", public_id=public_id)

    return attempt("ungroup", take_off, lambda: show_grouping(public_id))


def _stored(party: Acting) -> Select[Receipt]:
    return (
        select(Receipt)
        .join(Receipt.line)
        .join(Receipt.facility)
        .join(Facility.site)
        .where(*own_sites_only(party), Facility.kind == "collector", _LEFT_KG > 0)
        .options(joinedload(Receipt.line).joinedload(TransferLine.transfer), joinedload(Receipt.facility))
        .order_by(Receipt.received_on, Receipt.id)
    )


def _loads_for(session: Session, party: Acting, line: TransferLine) -> list[Receipt]:
    """Return the stored loads that fit a line: of its waste, at the site that it leaves."""
    fitting = _stored(party).where(
        TransferLine.waste_code == line.waste_code, Facility.site_id == line.transfer.sender_site_id
    )
    return list(session.scalars(fitting.limit(MOST_LOADS)))


def _chosen(
    session: Session, form: FormValues, party: Acting, line: TransferLine
) -> list[tuple[Receipt, int | None]]:
    """Return the loads that have a mass, or a tick, which takes all that is left."""
    found: list[tuple[Receipt, int | None]] = []
    for receipt in _loads_for(session, party, line):
        mass_kg = form.maybe_mass(f"loads.{receipt.public_id}.mass_t")
        if mass_kg is not None or form.text(f"loads.{receipt.public_id}.all"):
            found.append((receipt, mass_kg))
    return found


def _draft(session: Session, party: Acting, public_id: str) -> Transfer:
    transfer = find_transfer(session, party, public_id)
    require_party(transfer, party, "generator")
    if not stores(session, transfer.sender_site):
        zh, en = "只有收集单位可以归集", "only a collector groups loads"
        raise NotAllowed("not_a_collector", zh, en)
    return transfer
