"""Facilities: the list with its filters, and one facility with all that entitles it and all it offers."""

from __future__ import annotations

from flask import render_template
from sqlalchemy import select

from circularity.catalogue.operations import all_operations
from circularity.catalogue.regions import all_regions
from circularity.errors import NotFound
from circularity.listings import FacilityFilter, facility_whitelist, list_facilities, operations_in_use
from circularity.registry.entitlements import KINDS, Facility
from circularity.runs.stored import latest_run, proposals_of_facility
from web.pages.requests import choice, page_number, province, text
from web.session import read_session
from web.today import today


def show_facilities() -> str:
    """Show a page of facilities."""
    session = read_session()
    in_use = operations_in_use(session)
    wanted = FacilityFilter(
        kind=choice("kind", KINDS), province=province(), operation=choice("operation", in_use), text=text()
    )
    page = list_facilities(session, wanted, page_number())
    choices = {
        "kinds": KINDS,
        "provinces": all_regions("province"),
        "operations": [operation for operation in all_operations(today()) if operation.code in in_use],
    }
    return render_template("facilities.html", page=page, wanted=wanted, **choices)


def show_facility(public_id: str) -> str:
    """Show one facility: entitlements, lines, windows, whitelist entries, and what a run proposes to it."""
    session = read_session()
    facility = session.scalar(select(Facility).filter_by(public_id=public_id))
    if facility is None:
        raise NotFound("facility", "没有这一设施", "there is no such facility", id=public_id[:40])
    run = latest_run(session)
    facts = {
        "entries": facility_whitelist(session, facility),
        "run": run,
        "proposals": proposals_of_facility(session, run, facility) if run else [],
        "today": today(),
    }
    return render_template("facility.html", facility=facility, **facts)
