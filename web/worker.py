"""A worker: takes jobs, holds them while it works, and publishes only what it still holds.

It learns of a job from the queue, or from the job rows, which it looks through every few seconds; there it
also finds the jobs of workers that died. Every minute it lets time pass for deals.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from threading import Event, Thread
from time import monotonic
from typing import Any

from huey import Huey
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from circularity.database import reading, writing
from circularity.errors import BadInput, CircularityError, Stale
from circularity.jobs import (
    LEASE,
    MATCHING,
    CancellationAskedError,
    Claim,
    Job,
    claim,
    fail,
    finish,
    has_expired,
    queued_jobs,
    reclaim,
    report_progress,
    stop,
)
from circularity.time_passes import let_time_pass
from circularity.uploads import IMPORTS, note_refused, purge_ended
from matching.database.live_run import LiveMatching
from web.import_jobs import import_file
from web.jobs import sender

log = logging.getLogger(__name__)

Tell = Callable[[str, float], None]
BEAT_S = 1.0
"""How often progress is stored, the lease prolonged and a wish to cancel heard."""

MINUTE_S = 60.0
"""How often reservations may lapse, offers expire and agreements run out."""


@lru_cache(maxsize=1)
def live_matching(engine: Engine) -> LiveMatching:
    """Return what this process remembers of its last run on the database it works for."""
    return LiveMatching(engine, processes=os.cpu_count() or 1)


def match(engine: Engine, job: Job, held: Claim, tell: Tell) -> None:
    """Match everything posted and publish the run together with the end of its job."""
    live_matching(engine).run(
        actor=job.asker,
        at=_now(),
        progress=tell,
        conclude=lambda session, run: finish(session, held, at=_now(), result_id=run.public_id),
    )


WORK: Mapping[str, Callable[[Engine, Job, Claim, Tell], None]] = {
    MATCHING: match,
    **dict.fromkeys(IMPORTS, import_file),
}
"""What to do for each kind of job; it must call `finish` in the transaction that publishes its result."""


def perform(engine: Engine, public_id: str, lease: timedelta = LEASE) -> None:
    """Do one job if it still waits; whatever happens, the row says how it ended."""
    with writing(engine).begin() as session:
        held = claim(session, public_id=public_id, at=_now(), lease=lease)
        if held is None:
            return
        job = session.get_one(Job, held.job)
    try:
        with _held(engine, held, lease) as tell:
            WORK[job.kind](engine, job, held, tell)
    except CancellationAskedError:
        _end(engine, lambda session: stop(session, held, at=_now()))
    except Stale as lost:
        log.warning("job %s: %s", public_id, lost)
    except Exception as error:
        log.exception("job %s failed", public_id)
        _end(engine, partial(_failed, held=held, job=job, error=error))


def serve_queue(engine: Engine, queue: Huey, lease: timedelta = LEASE) -> None:
    """Do jobs until a signal ends the process (SIGINT: after the job in hand, SIGTERM: at once)."""
    announce = sender(queue, lambda public_id: perform(engine, public_id, lease))
    ended = Event()
    looking = Thread(target=_look_after, args=(engine, queue, announce, ended, lease), daemon=True)
    looking.start()
    consumer = queue.create_consumer(workers=1, periodic=False, max_delay=BEAT_S)
    try:
        consumer.run()
    finally:
        ended.set()
        looking.join()
        queue.storage.close()


def reconcile(engine: Engine, queue: Huey, send: Callable[[str], Any]) -> None:
    """Give up the claims of dead workers and send for every job that waits, unless messages wait too."""
    with reading(engine)() as session:
        expired = has_expired(session, at=_now())
    if expired:
        with writing(engine).begin() as session:
            reclaim(session, at=_now())
    if queue.pending_count():
        return
    with reading(engine)() as session:
        waiting = queued_jobs(session)
    for public_id in waiting:
        send(public_id)


def _look_after(
    engine: Engine, queue: Huey, send: Callable[[str], Any], ended: Event, lease: timedelta
) -> None:
    passed = -MINUTE_S
    while True:
        try:
            reconcile(engine, queue, send)
            if monotonic() - passed >= MINUTE_S:
                passed = monotonic()
                let_time_pass(engine, _now())
                with writing(engine).begin() as session:
                    purge_ended(session)
        except Exception:
            log.exception("the jobs could not be looked through; trying again")
        if ended.wait(min(5.0, lease.total_seconds() / 2)):
            return


class _Beat:
    """Holds a job from a thread of its own; `reason` is why the work must stop, once there is one."""

    def __init__(self, engine: Engine, held: Claim, lease: timedelta) -> None:
        self._engine, self._held, self._lease = engine, held, lease
        self._progress: dict[str, Any] = {}
        self._reason: Exception | None = None
        self.ended = Event()

    def tell(self, phase: str, done: float) -> None:
        """Note the progress; raises what the job row says against going on."""
        self._progress = {"phase": phase, "permille": round(done * 1000)}
        if self._reason:
            raise self._reason

    def keep(self) -> None:
        """Store progress and prolong the lease until the work ends or is to stop."""
        while not self.ended.wait(min(BEAT_S, self._lease.total_seconds() / 4)) and not self._reason:
            try:
                with writing(self._engine).begin() as session:
                    report_progress(
                        session, self._held, at=_now(), progress=self._progress, lease=self._lease
                    )
            except (Stale, CancellationAskedError) as reason:
                self._reason = reason
            except SQLAlchemyError:
                log.exception("progress could not be stored; the lease runs on")


@contextmanager
def _held(engine: Engine, held: Claim, lease: timedelta) -> Iterator[Tell]:
    beat = _Beat(engine, held, lease)
    keeping = Thread(target=beat.keep, daemon=True)
    keeping.start()
    try:
        yield beat.tell
    finally:
        beat.ended.set()
        keeping.join()


def _end(engine: Engine, act: Callable[[Session], None]) -> None:
    try:
        with writing(engine).begin() as session:
            act(session)
            purge_ended(session)
    except Stale as lost:
        log.warning("%s", lost)


def _failed(session: Session, *, held: Claim, job: Job, error: Exception) -> None:
    """Store why a job has no result; of a file that could not be read, what is wrong with it."""
    fail(session, held, at=_now(), **_reason(error))
    if isinstance(error, BadInput):
        note_refused(session, job, error.problems)


def _reason(error: Exception) -> dict[str, str]:
    """Return what the reader is told: our own refusals in words, anything else only that it failed."""
    if isinstance(error, CircularityError):
        return {"code": error.code, "zh": error.zh, "en": error.en}
    zh = "执行出错，未保存任何结果；详情见服务器日志"
    en = "it failed and stored nothing; the server's log says more"
    return {"code": type(error).__name__, "zh": zh, "en": en}


def _now() -> datetime:
    return datetime.now(UTC)
