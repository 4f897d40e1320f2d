"""Reported rates: what the mass ledger shows of a period and a province, and what strangers may see of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.catalogue.regions import all_regions
from circularity.organisations import Organisation
from circularity.rates.capacity_used import LineUse, capacity_used, count_warnings
from circularity.rates.formula import (
    FORMULA_VERSION,
    Sums,
    disposal_rate,
    plain_ratio,
    storage_rate,
    utilisation_rate,
)
from circularity.rates.periods import Period
from circularity.rates.reported import ScopeReport, reported
from circularity.rates.sums import booked_years, sums_by
from circularity.rates.told import told
from web.pages.disclosure import tells_all
from web.pages.rates import part_of
from web.pages.requests import choice, province
from web.session import read_session
from web.today import today

ROWS = 15
"""Rows of the two lists that would name many parties: the heaviest generators, the fullest limits."""

PARTS = (*(f"q{n}" for n in range(1, 5)), *(f"m{n}" for n in range(1, 13)))


@dataclass(frozen=True)
class ReportBar:
    """A scope's report with the ends of its evidence on a bar: own use, then receipts, then declared."""

    it: ScopeReport
    own_to: int
    receipts_to: int
    declared_to: int


def show_rates() -> str:
    """Show the reported rates of a year, a quarter or a month."""
    session, region = read_session(), province()
    period = period_asked(session)
    report = reported(session, period.year, quarter=period.quarter, month=period.month, region=region)
    shown = told(session, period, region, of_few=tells_all())
    facts = {
        "bars": [
            bar_of(scope)
            for scope in report.scopes
            if scope.scope in shown.scopes and scope.treated.organisations
        ],
        "tables": shown.tables,
        "uses": _uses(session, period),
        "generators": _generators(session, period, region) if tells_all() else [],
        "choices": {"years": years_booked(session), "parts": PARTS, "provinces": all_regions("province")},
        "asked": {"year": str(period.year), "part": choice("part", PARTS), "province": region},
        "formula": FORMULA_VERSION,
        "rates_of": rates_of,
    }
    return render_template("rates.html", period=period, region=region, **facts)


def bar_of(scope: ScopeReport) -> ReportBar:
    """Return where the evidence of a scope ends on its bar."""
    sums, whole = scope.accepted, scope.rate.whole_kg
    own, receipts = sums.own_use_kg, sums.own_use_kg + sums.receipts_kg
    return ReportBar(
        scope, part_of(own, whole), part_of(receipts, whole), part_of(receipts + sums.declared_kg, whole)
    )


def rates_of(sums: Sums) -> dict[str, int | None]:
    """Return every rate of sums in hundredths of a percent."""
    return {
        "official": utilisation_rate(sums).hundredths,
        "plain": plain_ratio(sums).hundredths,
        "disposal": disposal_rate(sums).hundredths,
        "storage": storage_rate(sums).hundredths,
    }


def years_booked(session: Session) -> list[int]:
    """Return the years to choose from, the newest first: those with books, and this one."""
    return sorted({today().year, *booked_years(session)}, reverse=True)


def period_asked(session: Session) -> Period:
    """Return the period that the address asks for; the newest year where it says nothing of use."""
    years = years_booked(session)
    year, part = int(choice("year", map(str, years)) or years[0]), choice("part", PARTS)
    number = int(part[1:]) if part else None
    return Period(year, number if part[:1] == "q" else None, number if part[:1] == "m" else None)


def _uses(session: Session, period: Period) -> dict[str, Any]:
    """Return the use of capacity up to the end of the period or today, or only counts of it for strangers."""
    on = min(period.last, today())
    uses = capacity_used(session, on) if period.first <= today() else []
    fullest: list[LineUse] = [use for use in uses if use.received_kg] if tells_all() else []
    return {
        "on": on,
        "counts": count_warnings(uses, of_few=tells_all()),
        "rows": fullest[:ROWS],
        "total": len(fullest),
    }


def _generators(session: Session, period: Period, region: str) -> list[tuple[Organisation, Sums]]:
    """Return the organisations that generated most, with their sums."""
    rows = sums_by(session, "organisation", first=period.first, last=period.last, region=region)
    most = sorted(rows, key=lambda name: (-rows[name].generated_kg, name))[:ROWS]
    found = session.scalars(select(Organisation).where(Organisation.public_id.in_(most)))
    names = {organisation.public_id: organisation for organisation in found}
    return [(names[name], rows[name]) for name in most]
