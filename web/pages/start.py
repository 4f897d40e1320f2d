"""The start page: what this is, planned rates against targets, plants, where mass goes."""

from __future__ import annotations

from typing import Any

from flask import render_template

from circularity.catalogue.regions import all_regions
from circularity.rates.planned import planned_rates_by_region
from circularity.runs.stored import latest_run, reasons_of_run
from circularity.runs.told_run import told_run
from circularity.totals import map_points, stock
from web.pages.disclosure import is_withheld, tells_all, tells_stages
from web.pages.rates import bars_of
from web.session import read_session
from web.today import today

MAX_POINTS = 400


def show_start() -> str:
    """Show the overview; before the first run without plan and rates."""
    session = read_session()
    run = latest_run(session)
    rates = planned_rates_by_region(session, run) if run else {}
    told = told_run(session, run, of_few=tells_all()) if run else None
    facts: dict[str, Any] = {
        "run": run,
        "told": told,
        "flows": told.flows() if told else [],
        "between": told.crossings() if told else [],
        "bars": [
            bars_of(rate, own=tells_stages(rate))
            for found in rates.values()
            for rate in found
            if rate.target and not is_withheld(rate)
        ],
        "rates": rates,
        "reasons": reasons_of_run(session, run)[:5] if run else [],
    }
    facts |= {
        "stock": stock(session, today()),
        "points": map_points(session, MAX_POINTS, on=today(), heaviest_first=tells_all()),
        "provinces": all_regions("province"),
    }
    return render_template("start.html", **facts)
