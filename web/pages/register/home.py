"""The register's first page for whoever acts: what waits, the applications, the entries, the round."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import Response, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from circularity.custody.listed_receipts import Received, actual_receipts
from circularity.errors import NotAllowed, NotFound
from circularity.lifecycle import states
from circularity.organisations import Organisation
from circularity.units import format_tonnes
from circularity.whitelist.applications import Application
from circularity.whitelist.entries import WhitelistEntry
from circularity.whitelist.offices import nominates
from circularity.whitelist.rounds import propose_round, publish_round, renewals_due
from circularity.whitelist.visible import appeals_waiting, applications, entries, sees_entry
from web.formats import region_name, waste_name
from web.language import said
from web.pages.csv_answer import csv_answer
from web.pages.desk.acting import Acting, acting, require_acting
from web.pages.desk.attempts import Answer, attempt
from web.pages.desk.form_values import FormValues
from web.pages.requests import choice, page_of
from web.permission_check import note_shown, told_of
from web.session import read_session
from web.today import today


def show_register() -> str:
    """Show applications and entries of the party one acts for."""
    party, session = acting(), read_session()
    status = choice("status", states("application"))
    facts: dict[str, object] = {"status": status, "states": states("application"), "party": party}
    if party is not None:
        mine = party.organisation
        found = applications(session, mine, party.sites, status, told_of(Application))
        listed = [row for row in entries(session, mine, today()) if _concerns(party, row)]
        page = page_of(len(found), lambda limit, offset: found[offset : offset + limit])
        held = page_of(len(listed), lambda limit, offset: listed[offset : offset + limit], name="entries")
        due = [
            row
            for row in renewals_due(session, today())
            if sees_entry(session, mine, row, today()) and _concerns(party, row)
        ]
        appeals = appeals_waiting(session, mine, today())
        note_shown([*page.rows, *held.rows, *due, *appeals])
        facts |= {
            "page": page,
            "entries": held,
            "due": due,
            "appeals": appeals,
            "decides": nominates(session, mine, today()),
            "year": today().year,
        }
    return render_template("register/home.html", **facts)


def _concerns(party: Acting, entry: WhitelistEntry) -> bool:
    """Tell whether an entry is of one of the sites that the person acts for."""
    return not party.sites or party.acts_at(entry.facility.site)


def act_on_round(act: str) -> Answer:
    """Propose or publish the list of a year."""
    party = require_acting()

    def run(session: Session, at: datetime) -> str:
        form = FormValues()
        year = form.whole("year")
        form.finish()
        facts: dict[str, Any] = {
            "actor": party.actor,
            "at": at,
            "by": _authority(session, party.of(session)),
            "year": year,
        }
        if act == "propose":
            propose_round(session, **facts)
        elif act == "publish":
            publish_round(session, **facts, document=form.text("document"))
        else:
            raise NotFound("act", "没有这一操作", "there is no such act")
        return url_for("register.home")

    return attempt(act, run, show_register)


def download_receipts() -> Response:
    """Give what was received under each entry in a year as a CSV file, to those who may see it."""
    session, party = read_session(), require_acting()
    asked = request.args.get("year", "")
    year = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 else today().year - 1
    rows = [
        row
        for row in actual_receipts(session, max(year, date.min.year))
        if sees_entry(session, party.organisation, row.entry, today())
    ]
    note_shown(row.entry for row in rows)
    header = (
        *(gettext("Facility"), gettext("Document"), gettext("Pattern"), gettext("Operation")),
        *(gettext("Quota (t)"), gettext("Origin"), gettext("Waste code"), gettext("Waste")),
        *(gettext("Received (t)"), gettext("Loads")),
    )
    return csv_answer(f"whitelist-receipts-{year}.csv", header, [_row(row) for row in rows])


def _authority(session: Session, organisation: Organisation) -> Organisation:
    if not nominates(session, organisation, today()):
        zh, en = "只有主管部门可以操作", "only an authority does this"
        raise NotAllowed("not_an_authority", zh, en)
    return organisation


def _row(row: Received) -> tuple[object, ...]:
    entry = row.entry
    return (
        said(entry.facility.site.organisation),
        entry.document,
        entry.waste_pattern,
        entry.operation,
        "" if entry.quota_kg is None else format_tonnes(entry.quota_kg),
        region_name(row.province) if row.province else "",
        row.waste_code,
        waste_name(row.waste_code) if row.waste_code else "",
        format_tonnes(row.mass_kg),
        row.loads,
    )
