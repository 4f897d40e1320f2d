"""Jobs: work that outlives a request. The row is the truth; a queue only carries its id.

queued → running → done, failed or cancelled; running → queued again when the lease ends before the work does.
Every claim raises the row's token. Whoever holds an older one has lost the job: each of its writes is refused
with Stale, and so is the transaction in which it would publish. Every change is one UPDATE that names the
state and the token it expects, so two workers cannot both make it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Index, Update, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from circularity.audit import Actor, record
from circularity.columns import between, new_public_id, one_of
from circularity.database import STRICT, Base
from circularity.errors import RuleBroken, Stale

STATES = ("queued", "running", "done", "failed", "cancelled")
UNFINISHED = ("queued", "running")
MATCHING = "matching"
LEASE = timedelta(seconds=60)
MAX_CLAIMS = 3
"""A job whose workers died this often is the likely cause and is given up."""

_UNFINISHED = text("state IN ('queued', 'running')")


class Job(Base):
    """One piece of work. `token` counts its claims; `lease_until` says how long the newest one holds.

    `progress` holds the phase and the permille of it that is done; `result_id` the public id of what was
    made; `error` a code with a Chinese and an English sentence. Equal work is under way once at most.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        one_of("state", STATES),
        between("token", 0, MAX_CLAIMS),
        Index(
            "uq_jobs_unfinished",
            "kind",
            "parameters",
            unique=True,
            sqlite_where=_UNFINISHED,
            postgresql_where=_UNFINISHED,
        ),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    parameters: Mapped[dict[str, Any]]
    state: Mapped[str]
    progress: Mapped[dict[str, Any]]
    asked_at: Mapped[datetime]
    asked_by: Mapped[str]
    asked_by_organisation: Mapped[str | None]
    asked_by_kind: Mapped[str]
    asked_to_cancel: Mapped[bool]
    token: Mapped[int]
    lease_until: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    result_id: Mapped[str | None]
    error: Mapped[dict[str, Any]]

    @property
    def asker(self) -> Actor:
        """Who asked for it, in whose name its result is published."""
        return Actor(self.asked_by, self.asked_by_organisation, self.asked_by_kind)

    @property
    def is_finished(self) -> bool:
        """Whether nothing will change any more."""
        return self.state not in UNFINISHED


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker holds: the row's key and the token of its claim."""

    job: int
    token: int


class CancellationAskedError(Exception):
    """The work is to stop, because somebody asked to cancel it; what it did is rolled back."""


def ask_for(
    session: Session, *, actor: Actor, at: datetime, kind: str, parameters: dict[str, Any] | None = None
) -> Job:
    """Return a queued job, or the equal one that is under way already."""
    wanted = {"kind": kind, "parameters": parameters or {}}
    under_way = session.scalar(select(Job).filter_by(**wanted).where(Job.state.in_(UNFINISHED)))
    if under_way is not None:
        return under_way
    job = Job(
        public_id=new_public_id(), **wanted, state="queued", progress={}, asked_at=at, asked_by=actor.name,
        asked_by_organisation=actor.organisation_public_id, asked_by_kind=actor.kind,
        asked_to_cancel=False, token=0, error={},
    )  # fmt: skip
    session.add(job)
    session.flush()
    record(session, actor, at, "job.asked_for", job, wanted)
    return job


def claim(session: Session, *, public_id: str, at: datetime, lease: timedelta = LEASE) -> Claim | None:
    """Take a queued job; None where it is not queued (any more), so asking twice does no harm."""
    queued = (Job.public_id == public_id, Job.state == "queued")
    taken = session.execute(
        update(Job)
        .where(*queued)
        .values(state="running", token=Job.token + 1, started_at=at, lease_until=at + lease, progress={})
        .returning(Job.id, Job.token)
    ).first()
    return None if taken is None else Claim(taken.id, taken.token)


def report_progress(
    session: Session, held: Claim, *, at: datetime, progress: dict[str, Any], lease: timedelta = LEASE
) -> None:
    """Store how far the work is and hold the job longer; no audit event, for nothing was decided.

    Raises Stale when the job was lost, CancellationAskedError when the work should stop.
    """
    change = _held(held).values(progress=progress, lease_until=at + lease)
    row = session.execute(change.returning(Job.asked_to_cancel)).first()
    if row is None:
        raise _lost()
    if row.asked_to_cancel:
        raise CancellationAskedError


def finish(session: Session, held: Claim, *, at: datetime, result_id: str) -> None:
    """Name the result, in the transaction that publishes it.

    Raises Stale when the job was lost and CancellationAskedError when it was to stop: nothing is published.
    """
    job = _end(session, held, at, "done", ~Job.asked_to_cancel, result_id=result_id)
    if job is None:
        report_progress(session, held, at=at, progress={})
        raise _lost()
    record(session, job.asker, at, "job.finished", job, {"result": result_id})


def fail(session: Session, held: Claim, *, at: datetime, code: str, zh: str, en: str) -> None:
    """Store why the work ended without a result; raises Stale when the job was lost."""
    job = _end(session, held, at, "failed", error={"code": code, "zh": zh, "en": en})
    if job is None:
        raise _lost()
    record(session, job.asker, at, "job.failed", job, {"code": code})


def stop(session: Session, held: Claim, *, at: datetime) -> None:
    """Store that the work stopped as it was asked to; raises Stale when the job was lost."""
    job = _end(session, held, at, "cancelled")
    if job is None:
        raise _lost()
    record(session, job.asker, at, "job.cancelled", job, {})


def ask_to_cancel(session: Session, *, actor: Actor, at: datetime, job: Job) -> None:
    """Cancel a queued job at once and ask a running one to stop; raises RuleBroken for a finished one."""
    waiting = (
        update(Job)
        .where(Job.id == job.id, Job.state == "queued")
        .values(state="cancelled", asked_to_cancel=True, finished_at=at)
    )
    running = update(Job).where(Job.id == job.id, Job.state == "running").values(asked_to_cancel=True)
    if not any(session.connection().execute(change).rowcount for change in (waiting, running)):
        zh, en = "任务已结束，无从取消", "the job has ended and cannot be cancelled"
        raise RuleBroken("job_ended", zh, en, state=job.state)
    session.refresh(job)
    record(session, actor, at, "job.asked_to_cancel", job, {"state": job.state})


def reclaim(session: Session, *, at: datetime) -> None:
    """End the claims whose lease is over: the job is queued again, cancelled if asked, or given up."""
    expired = (Job.state == "running", Job.lease_until < at)
    for job in session.scalars(select(Job).where(*expired)):
        state = "cancelled" if job.asked_to_cancel else "failed" if job.token >= MAX_CLAIMS else "queued"
        values: dict[str, Any] = {"state": state, "lease_until": None, "progress": {}}
        if state != "queued":
            values["finished_at"] = at
        if state == "failed":
            zh, en = "执行进程多次中断", "its workers died again and again"
            values["error"] = {"code": "workers_died", "zh": zh, "en": en}
        change = update(Job).where(Job.id == job.id, Job.token == job.token, *expired).values(values)
        if session.connection().execute(change).rowcount:
            record(session, job.asker, at, "job.reclaimed", job, {"state": state, "token": job.token})


def has_expired(session: Session, *, at: datetime) -> bool:
    """Tell whether there is a claim to end, without waiting for any writer."""
    expired = select(Job.id).where(Job.state == "running", Job.lease_until < at)
    return session.scalar(expired.limit(1)) is not None


def queued_jobs(session: Session) -> list[str]:
    """Return the public ids of the jobs that wait for a worker, the oldest first."""
    return list(session.scalars(select(Job.public_id).filter_by(state="queued").order_by(Job.id)))


def unfinished_jobs(session: Session, kind: str) -> list[Job]:
    """Return the jobs of a kind that wait or run, the oldest first."""
    under_way = select(Job).where(Job.kind == kind, Job.state.in_(UNFINISHED))
    return list(session.scalars(under_way.order_by(Job.id)))


def _held(held: Claim) -> Update:
    return update(Job).where(Job.id == held.job, Job.token == held.token, Job.state == "running")


def _end(
    session: Session, held: Claim, at: datetime, state: str, *only: ColumnElement[bool], **values: Any
) -> Job | None:
    ended = _held(held).where(*only).values(state=state, finished_at=at, lease_until=None, **values)
    if not session.execute(ended.returning(Job.id)).first():
        return None
    return session.get_one(Job, held.job, populate_existing=True)


def _lost() -> Stale:
    zh, en = "任务已由其他进程接手", "another worker has taken this job over"
    return Stale("job_lost", zh, en)
