"""Reported rates and capacity used as one party is told them: exactly, of itself or of its region."""

from __future__ import annotations

from collections.abc import Mapping

from flask import render_template, request
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.catalogue.regions import all_regions, prefix_of
from circularity.catalogue.streams import all_streams
from circularity.organisations import Organisation, Site
from circularity.own_rates import Reach, own_capacity_used, own_report, reach_of
from circularity.party_listings import sites_seen
from circularity.rates.capacity_used import LineUse
from circularity.rates.formula import FORMULA_VERSION, Sums
from circularity.rates.reported import Report
from circularity.registry.entitlements import Facility
from web.language import said
from web.pages.desk.acting import Acting, require_acting
from web.pages.reported_rates import PARTS, bar_of, period_asked, rates_of, years_booked
from web.pages.requests import choice
from web.permission_check import told_of, wastes_told
from web.rate_disclosure import note_rates
from web.session import read_session
from web.today import today

MOST_ORGANISATIONS = 50
FULLEST = 10
"""Limits shown at once, and all that are warned of."""
FILTERS = ("year", "part", "region", "stream")

Tables = Mapping[str, Mapping[str, Sums]]


def show_own_rates() -> str:
    """Show the reported rates of a party or of its region, and how far its limits are used."""
    session, party = read_session(), require_acting()
    reach = reach_of(party.organisation, party.side, party.sites, wastes_told())
    period, regions = period_asked(session), _regions(party, reach)
    region = choice("region", [code for code, _ in regions]) or reach.region
    stream = choice("stream", [row.code for row in all_streams()])
    of_whom = _of_whom(session, party)
    report, tables = own_report(
        session, reach, period, _keys(party, region), region=region, stream=stream or None,
        organisation=of_whom.public_id if of_whom else None,
    )  # fmt: skip
    tables = _most(tables)
    on = min(period.last, today())
    uses = own_capacity_used(session, party.organisation, party.side, party.sites, on, told_of(Facility))
    uses = [use for use in uses if use.received_kg] if period.first <= today() else []
    if party.watches:
        _note(session, report, tables, uses)
    facts = {
        "bars": [bar_of(scope) for scope in report.scopes if scope.treated.organisations],
        "tables": tables,
        "breakdowns": _breakdowns(tables),
        "names": _names(session, tables.get("organisation", {})),
        "uses": uses,
        "on": on,
        "fullest": max(sum(bool(use.warning) for use in uses), FULLEST),
        "watches": party.watches,
        "of_a_part": bool(stream or of_whom or not party.watches),
        "organisation": of_whom or (None if party.watches else party.organisation),
        "choices": {
            "years": years_booked(session), "parts": PARTS, "regions": regions, "streams": all_streams(),
        },
        "asked": {
            "year": str(period.year), "part": choice("part", PARTS), "region": region, "stream": stream,
        },
        "narrowed": {name: request.args[name] for name in FILTERS if request.args.get(name)},
        "formula": FORMULA_VERSION,
        "rates_of": rates_of,
    }  # fmt: skip
    return render_template("rates/own.html", period=period, region=region, **facts)


def _of_whom(session: Session, party: Acting) -> Organisation | None:
    """Return the organisation that an authority asks about; who has no site in its region is not there."""
    asked = request.args.get("organisation", "")[:40] if party.watches else ""
    there = Site.id.in_(sites_seen(party.organisation, party.side, party.sites))
    wanted = select(Organisation).filter_by(public_id=asked)
    inside = wanted.where(Organisation.id.in_(select(Site.organisation_id).where(there)))
    return session.scalar(inside) if asked else None


def _regions(party: Acting, reach: Reach) -> list[tuple[str, str]]:
    """Return (prefix, name) of the regions within an authority's."""
    if not party.watches:
        return []
    inside = [*all_regions("province"), *all_regions("prefecture")]
    found = [(prefix_of(row.code), said(row)) for row in inside]
    return sorted(row for row in found if reach.covers(row[0]) and row[0] != reach.region)


def _keys(party: Acting, region: str) -> tuple[str, ...]:
    if not party.watches:
        return ("city", "stream", "month")
    wider = ("province", "city") if not region else ("city",) if len(region) == 2 else ()
    return (*wider, "stream", "month", "organisation")


def _most(tables: Tables) -> Tables:
    """Return the tables with the organisations that generated most, in that order."""
    rows = tables.get("organisation")
    if rows is None:
        return tables
    most = sorted(rows, key=lambda name: (-rows[name].generated_kg, name))[:MOST_ORGANISATIONS]
    return {**tables, "organisation": {name: rows[name] for name in most}}


def _names(session: Session, rows: Mapping[str, Sums]) -> dict[str, Organisation]:
    found = session.scalars(select(Organisation).where(Organisation.public_id.in_(rows)))
    return {organisation.public_id: organisation for organisation in found}


def _note(session: Session, report: Report, tables: Tables, uses: list[LineUse]) -> None:
    lots = [lot.unmatched.output for scope in report.scopes for lot in scope.closing]
    named = {output.site.organisation.public_id for output in lots}
    named |= {use.facility.site.organisation.public_id for use in uses}
    shown = [scope.accepted for scope in report.scopes]
    note_rates(
        session, report.period, [*shown, *(row for rows in tables.values() for row in rows.values())], named
    )


def _breakdowns(tables: Tables) -> list[tuple[str, str]]:
    """Return (key, its word) of the tables that tell something apart."""
    words = {
        "province": gettext("Province"), "city": gettext("City"), "stream": gettext("Stream"),
        "month": gettext("Month"), "organisation": gettext("Organisation"),
    }  # fmt: skip
    return [
        (key, words[key]) for key, rows in tables.items() if len(rows) > 1 or (key == "organisation" and rows)
    ]
