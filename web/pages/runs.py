"""Matching runs: the list, and one run with its plan, its reasons, its prices and its proof."""

from __future__ import annotations

from flask import render_template
from sqlalchemy import select

from circularity.errors import NotFound
from circularity.flows import flows
from circularity.listings import PAGE_SIZE, Page
from circularity.price_subjects import subjects_of
from circularity.runs import (
    MatchingRun,
    all_runs,
    count_proposals,
    prices_of_run,
    proposals_of_run,
    reasons_of_run,
    unmatched_of_run,
)
from web.pages.disclosure import tells_all
from web.pages.requests import page_number
from web.session import read_session

LIMIT_UNMATCHED = 200
LIMIT_PRICES = 60


def show_runs() -> str:
    """Show the newest runs."""
    return render_template("runs.html", runs=all_runs(read_session(), limit=PAGE_SIZE))


def show_run(public_id: str) -> str:
    """Show one run."""
    session = read_session()
    run = session.scalar(select(MatchingRun).filter_by(public_id=public_id))
    if run is None:
        raise NotFound("run", "没有这一次撮合", "there is no such run", id=public_id[:40])
    skipped = (page_number() - 1) * PAGE_SIZE
    plan = proposals_of_run(session, run, limit=PAGE_SIZE, offset=skipped, heaviest_first=tells_all())
    prices = prices_of_run(session, run, scarce_only=True)[:LIMIT_PRICES]
    facts = {
        "page": Page(plan, page_number(), count_proposals(session, run)),
        "unmatched": unmatched_of_run(session, run, limit=LIMIT_UNMATCHED, heaviest_first=tells_all()),
        "reasons": reasons_of_run(session, run),
        "prices": prices,
        "subjects": subjects_of(session, prices),
        "flows": flows(session, run, of_few=tells_all()),
        "levels": run.levels.get("levels", []),
    }
    return render_template("run.html", run=run, **facts)
