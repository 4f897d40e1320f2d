"""Jobs: one claim at a time, a lease that ends, and a token without which nothing is published."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from registry import ACTOR, AT
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from circularity.audit import AuditEvent, verify_chain
from circularity.database import reading, writing
from circularity.errors import RuleBroken, Stale
from circularity.jobs import (
    MATCHING,
    MAX_CLAIMS,
    CancellationAskedError,
    Claim,
    Job,
    ask_for,
    ask_to_cancel,
    claim,
    fail,
    finish,
    has_expired,
    queued_jobs,
    reclaim,
    report_progress,
    stop,
)

LEASE = timedelta(seconds=60)
LATER = AT + timedelta(seconds=61)


def asked(engine: Engine, **facts: Any) -> str:
    with writing(engine).begin() as session:
        return ask_for(session, actor=ACTOR, at=AT, kind=MATCHING, **facts).public_id


def claimed(engine: Engine, public_id: str, at: Any = AT) -> Claim:
    with writing(engine).begin() as session:
        held = claim(session, public_id=public_id, at=at, lease=LEASE)
    assert held is not None
    return held


def row(engine: Engine, public_id: str) -> Job:
    with reading(engine)() as session:
        return session.scalars(select(Job).filter_by(public_id=public_id)).one()


def cancel(engine: Engine, public_id: str) -> None:
    with writing(engine).begin() as session:
        job = session.scalars(select(Job).filter_by(public_id=public_id)).one()
        ask_to_cancel(session, actor=ACTOR, at=AT, job=job)


def expire(engine: Engine, at: Any = LATER) -> None:
    with writing(engine).begin() as session:
        reclaim(session, at=at)


def test_a_job_is_asked_for_claimed_and_finished_with_its_result(engine: Engine) -> None:
    public_id = asked(engine)
    held = claimed(engine, public_id)
    with writing(engine).begin() as session:
        report_progress(session, held, at=AT, progress={"phase": "solve", "permille": 500}, lease=LEASE)
    running = row(engine, public_id)
    assert (running.state, running.progress["permille"]) == ("running", 500)
    assert (running.lease_until, running.asker) == (AT + LEASE, ACTOR)
    with writing(engine).begin() as session:
        finish(session, held, at=LATER, result_id="a" * 32)
    done = row(engine, public_id)
    assert (done.state, done.result_id, done.finished_at) == ("done", "a" * 32, LATER)
    with reading(engine)() as session:
        told = session.scalars(select(AuditEvent.action).order_by(AuditEvent.position)).all()
        assert told == ["job.asked_for", "job.finished"]
        assert verify_chain(session).faults == ()


def test_equal_work_is_under_way_once(engine: Engine) -> None:
    first = asked(engine)
    assert asked(engine) == first
    assert asked(engine, parameters={"region": "31"}) != first
    held = claimed(engine, first)
    assert asked(engine) == first
    with writing(engine).begin() as session:
        fail(session, held, at=AT, code="c", zh="不", en="no")
    assert asked(engine) != first


def test_of_eight_workers_one_gets_the_job(engine: Engine) -> None:
    public_id = asked(engine)

    def try_it(_: int) -> Claim | None:
        with writing(engine).begin() as session:
            return claim(session, public_id=public_id, at=AT)

    with ThreadPoolExecutor(8) as threads:
        claims = [held for held in threads.map(try_it, range(8)) if held]
    assert [held.token for held in claims] == [1]


def test_a_job_whose_lease_is_over_goes_to_the_next_worker(engine: Engine) -> None:
    public_id = asked(engine)
    claimed(engine, public_id)
    with reading(engine)() as session:
        assert not has_expired(session, at=AT + LEASE)
        assert has_expired(session, at=LATER)
    expire(engine, AT + LEASE)
    assert row(engine, public_id).state == "running"
    expire(engine)
    with reading(engine)() as session:
        assert queued_jobs(session) == [public_id]
    assert claimed(engine, public_id).token == 2


@pytest.mark.parametrize(
    "act",
    [
        lambda session, late: report_progress(session, late, at=LATER, progress={}),
        lambda session, late: finish(session, late, at=LATER, result_id="late"),
        lambda session, late: fail(session, late, at=LATER, code="c", zh="", en=""),
        lambda session, late: stop(session, late, at=LATER),
    ],
    ids=["report", "finish", "fail", "stop"],
)
def test_a_late_worker_changes_nothing(engine: Engine, act: Callable[[Session, Claim], None]) -> None:
    public_id = asked(engine)
    late = claimed(engine, public_id)
    expire(engine)
    for token in (None, claimed(engine, public_id).token):  # while it waits, and when another has it
        with pytest.raises(Stale, match="another worker"), writing(engine).begin() as session:
            act(session, late)
        if token:
            assert (row(engine, public_id).state, row(engine, public_id).token) == ("running", 2)


def test_a_reported_sign_of_life_prolongs_the_lease(engine: Engine) -> None:
    public_id = asked(engine)
    held = claimed(engine, public_id)
    with writing(engine).begin() as session:
        report_progress(session, held, at=AT + LEASE, progress={}, lease=LEASE)
    expire(engine)
    assert row(engine, public_id).state == "running"


def test_a_job_that_waits_is_cancelled_at_once(engine: Engine) -> None:
    public_id = asked(engine)
    cancel(engine, public_id)
    assert row(engine, public_id).state == "cancelled"
    with writing(engine).begin() as session:
        assert claim(session, public_id=public_id, at=AT) is None
    with pytest.raises(RuleBroken, match="has ended"):
        cancel(engine, public_id)


def test_a_running_job_hears_of_its_cancellation_and_can_no_longer_publish(engine: Engine) -> None:
    public_id = asked(engine)
    held = claimed(engine, public_id)
    cancel(engine, public_id)
    with pytest.raises(CancellationAskedError), writing(engine).begin() as session:
        report_progress(session, held, at=AT, progress={})
    with pytest.raises(CancellationAskedError), writing(engine).begin() as session:
        finish(session, held, at=AT, result_id="r")
    with writing(engine).begin() as session:
        stop(session, held, at=AT)
    assert (row(engine, public_id).state, row(engine, public_id).result_id) == ("cancelled", None)


def test_a_dead_workers_job_that_was_to_stop_is_cancelled(engine: Engine) -> None:
    public_id = asked(engine)
    claimed(engine, public_id)
    cancel(engine, public_id)
    expire(engine)
    assert row(engine, public_id).state == "cancelled"


def test_a_job_that_kills_its_workers_is_given_up(engine: Engine) -> None:
    public_id = asked(engine)
    for _ in range(MAX_CLAIMS):
        claimed(engine, public_id)
        expire(engine)
    assert (row(engine, public_id).state, row(engine, public_id).error["code"]) == ("failed", "workers_died")
