"""A matching run in the background: asking for it, watching it, cancelling it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from circularity.audit import Actor
from circularity.errors import NotFound
from circularity.idempotency import act_once
from circularity.jobs import MATCHING, Job, ask_for, ask_to_cancel
from web.api.writing import refuse_unless_writable
from web.auth.identity import accounts_are_on, identity
from web.jobs import send_after_commit
from web.pages.disclosure import tells_all
from web.permission_check import asking
from web.session import engine, read_session

VISITOR = Actor("网页，访客未识别 · pages, visitor not identified", None, "system")
"""Who the audit chain says it was where nobody signs in."""

PHASES = ("snapshot", "prepare", "match", "publish")
"""What a run goes through, in this order."""


def show_job(public_id: str) -> str:
    """Show how far a job is; the page asks again by itself until it has ended."""
    job = _job(read_session(), public_id)
    now = job.progress.get("phase")
    at = PHASES.index(now) if now in PHASES else 0
    done = round((at * 1000 + job.progress.get("permille", 0)) / len(PHASES))
    facts = {"phases": PHASES, "at": at, "done": 1000 if job.result_id else done}
    return render_template("job.html", job=job, names_asker=_is_own(job), **facts)


def _is_own(job: Job) -> bool:
    """Tell whether the job was asked for by the asker's organisation; a person's name is nobody else's."""
    acting = asking()
    if acting is None:
        return tells_all()
    return job.asked_by_organisation == acting.organisation_public_id


def start_run() -> Response:
    """Ask for a matching run and go to its page."""
    refuse_unless_writable()

    def ask(session: Session) -> dict[str, Any]:
        job = ask_for(session, actor=_actor(), at=datetime.now(UTC), kind=MATCHING)
        send_after_commit(session, job.public_id)
        return {"id": job.public_id}

    asked, _ = act_once(engine(), None, datetime.now(UTC), ask)
    return redirect(url_for("pages.job", public_id=asked["id"]), 303)


def cancel_job(public_id: str) -> Response:
    """Ask a job to stop and go back to its page."""
    refuse_unless_writable()

    def cancel(session: Session) -> dict[str, Any]:
        ask_to_cancel(session, actor=_actor(), at=datetime.now(UTC), job=_job(session, public_id))
        return {}

    act_once(engine(), None, datetime.now(UTC), cancel)
    return redirect(url_for("pages.job", public_id=public_id), 303)


def _actor() -> Actor:
    found = identity() if accounts_are_on() else None
    return VISITOR if found is None else found.actor


def _job(session: Session, public_id: str) -> Job:
    job = session.scalar(select(Job).filter_by(public_id=public_id, kind=MATCHING))
    if job is None:
        raise NotFound("job", "没有这一任务", "there is no such job", id=public_id[:40])
    return job
