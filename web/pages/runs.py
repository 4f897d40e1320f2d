"""Matching runs: the list, and one run with its plan, its reasons, its prices and its proof."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask import render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.errors import NotFound
from circularity.jobs import MATCHING, unfinished_jobs
from circularity.listings import PAGE_SIZE
from circularity.party_listings import facilities_run
from circularity.registry.entitlements import Facility
from circularity.runs.capacity_prices import CapacityPrice, prices_of_run
from circularity.runs.changes import RunChange, changes_of, count_changes
from circularity.runs.price_subjects import subjects_of
from circularity.runs.stored import (
    MatchingRun,
    all_runs,
    count_proposals,
    proposals_of_run,
    reasons_of_run,
    unmatched_of_run,
)
from circularity.runs.told_run import told_run
from matching.plans.changes import cause_words
from web.language import language
from web.pages.disclosure import is_told, tells_all
from web.pages.requests import page_of
from web.permission_check import may_tell, only_concerned
from web.session import read_session

ROWS = 20
"""Rows of each of a run's three long lists on one page: a run has three, and a phone shows each as a card."""


def show_runs() -> str:
    """Show the newest runs, and those that are under way."""
    session = read_session()
    return render_template(
        "runs.html", runs=all_runs(session, limit=PAGE_SIZE), under_way=unfinished_jobs(session, MATCHING)
    )


def show_run(public_id: str) -> str:
    """Show one run."""
    session = read_session()
    run = find_run(session, public_id)
    reasons = reasons_of_run(session, run)
    heaviest_first = tells_all()
    told = told_run(session, run, of_few=heaviest_first)
    facts = {
        "page": page_of(
            count_proposals(session, run),
            lambda limit, offset: proposals_of_run(
                session, run, limit=limit, offset=offset, heaviest_first=heaviest_first
            ),
            size=ROWS,
        ),
        "unmatched": page_of(
            sum(outputs for _, outputs, _ in reasons),
            lambda limit, offset: unmatched_of_run(
                session, run, limit=limit, offset=offset, heaviest_first=heaviest_first
            ),
            name="unmatched",
            size=ROWS,
        ),
        "reasons": reasons,
        "told": told,
        "flows": told.flows(),
        "changes": page_of(
            count_changes(session, run),
            lambda limit, offset: session.scalars(changes_of(run).limit(limit).offset(offset)).all(),
            name="changes",
            size=ROWS,
        ),
        "counts": run.figures.get("changes"),
        "told_cause": told_cause,
        "levels": run.levels.get("levels", []),
        **_scarce_limits(session, run),
    }
    return render_template("run.html", run=run, **facts)


def find_run(session: Session, public_id: str) -> MatchingRun:
    """Return a run; raises NotFound."""
    run = session.scalar(select(MatchingRun).filter_by(public_id=public_id))
    if run is None:
        raise NotFound("run", "没有这一次撮合", "there is no such run", id=public_id[:40])
    return run


def told_cause(change: RunChange) -> str:
    """Return why a pair changed; what that does to the output only where both sides may be told."""
    told = is_told(change.output, change.window)
    zh, en = cause_words(change.cause, change.level, change.amount if told else None)
    return zh if language() == "zh" else en


def _told_prices(session: Session, prices: Sequence[CapacityPrice]) -> Iterable[CapacityPrice]:
    """Yield the prices that the asker may see: of its own facilities and of its region, or of fiction."""
    if tells_all():
        yield from prices
        return
    concerned = only_concerned(facilities_run)
    own = set(session.scalars(select(Facility.id).where(*concerned))) if concerned else set()
    subjects = subjects_of(session, prices) if own else {}
    for price in prices:
        subject = subjects.get(price.subject_id)
        if subject and subject.facility.id in own and may_tell(subject.facility, otherwise=False):
            yield price


def _scarce_limits(session: Session, run: MatchingRun) -> dict[str, Any]:
    """Return the asked page of the limits that hold the plan back, and what they are limits of."""
    scarce = list(_told_prices(session, prices_of_run(session, run, scarce_only=True)))
    prices = page_of(
        len(scarce), lambda limit, offset: scarce[offset : offset + limit], name="limits", size=ROWS
    )
    return {"prices": prices, "subjects": subjects_of(session, prices.rows)}
