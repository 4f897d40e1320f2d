"""Jobs: matching runs in the background, with progress and cancellation. A party's imports are its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema
from marshmallow.fields import Boolean, Integer, Nested, String
from marshmallow.validate import OneOf
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.jobs import MATCHING, STATES, Job, ask_for, ask_to_cancel
from circularity.uploads import IMPORTS
from web.api.blueprint import ApiBlueprint
from web.api.lookups import by_public_id
from web.api.paging import Paged, Paging
from web.api.shapes import Answer, moment
from web.api.writing import ACTOR, now
from web.jobs import send_after_commit
from web.session import read_session

blp = ApiBlueprint("jobs", "Work in the background: ask for it, watch it, cancel it.")


_SHARED = Job.kind.not_in(IMPORTS)


class JobQuery(Paged):
    """Which jobs."""

    state = String(validate=OneOf(STATES))


class JobCreate(Schema):
    """What is asked for: `matching` matches everything posted and publishes a run."""

    kind = String(required=True, validate=OneOf((MATCHING,)))


class JobCancel(Schema):
    """Nothing needs to be said."""


class ProgressAnswer(Answer):
    """The phase a job is in and how much of it is done."""

    phase = String()
    permille = Integer()


class ErrorAnswer(Answer):
    """Why a job has no result."""

    code = String()
    zh = String()
    en = String()


class JobStands(Answer):
    """How a job stands; `attempt` counts the workers that took it."""

    sometimes = frozenset({"progress", "started_at", "finished_at", "error"})
    id = String()
    kind = String()
    state = String(metadata={"description": "one of " + ", ".join(f"`{state}`" for state in STATES)})
    asked_at = moment("when it was asked for")
    asked_to_cancel = Boolean()
    attempt = Integer()
    progress = Nested(ProgressAnswer)
    started_at = moment("when the newest worker took it")
    finished_at = moment("when it ended")
    error = Nested(ErrorAnswer)


class JobAnswer(JobStands):
    """One job. `result_id` is the id of the run it published."""

    sometimes = JobStands.sometimes | {"result_id"}
    result_id = String()


@blp.read("/jobs", JobAnswer, many=True, query=JobQuery)
def list_jobs(query: dict[str, Any]) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """List the jobs, newest first."""
    wanted = select(Job).where(_SHARED).order_by(Job.id.desc())
    if "state" in query:
        wanted = wanted.where(Job.state == query["state"])
    rows, headers = Paging.of(query).of_statement(read_session(), wanted)
    return [job_shown(job) for job in rows], headers


@blp.read("/jobs/<public_id:job_id>", JobAnswer)
def get_job(job_id: str) -> dict[str, Any]:
    """Read one job."""
    return job_shown(by_public_id(read_session(), Job, job_id, only=_SHARED))


@blp.create("/jobs", JobCreate, JobAnswer, located="jobs.get_job", by="job_id")
def create_job(session: Session, body: dict[str, Any]) -> dict[str, Any]:
    """Ask for a job; where an equal one is under way, the answer is that one."""
    job = ask_for(session, actor=ACTOR, at=now(), kind=body["kind"])
    send_after_commit(session, job.public_id)
    return job_shown(job)


@blp.create(
    "/jobs/<public_id:job_id>/cancellation", JobCancel, JobAnswer, located="jobs.get_job", by="job_id"
)
def cancel_job(session: Session, body: dict[str, Any], job_id: str) -> dict[str, Any]:  # noqa: ARG001 - the signature is the route's
    """Cancel a job that waits, ask a running one to stop; its result is then never published."""
    job = by_public_id(session, Job, job_id, only=_SHARED)
    ask_to_cancel(session, actor=ACTOR, at=now(), job=job)
    return job_shown(job)


def job_shown(job: Job) -> dict[str, Any]:
    """Return how a job stands, and what it published."""
    return {
        "id": job.public_id,
        "kind": job.kind,
        "state": job.state,
        "asked_at": job.asked_at,
        "asked_to_cancel": job.asked_to_cancel,
        "attempt": job.token,
        "progress": job.progress or None,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "result_id": job.result_id,
        "error": job.error or None,
    }
