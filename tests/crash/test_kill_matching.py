"""A matching job ended at any moment leaves the old result or the new one, whole, and is done once.

`CRASH_KILLS` sets how many times it is killed and how many times it is stopped and overtaken (default 4; 200
is the long form), `CRASH_SEED` the chance.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from matching_worker import DONE, LEASE, work
from registry import ACTOR, ANHUI, JIANGSU, SHANGHAI, Registry
from sqlalchemy import Engine, select
from stored_runs import Result, cold, stored

from circularity.audit import verify_chain
from circularity.database import create_engine_for, reading, upgrade, writing
from circularity.jobs import MATCHING, MAX_CLAIMS, Job, ask_for, claim, reclaim
from circularity.runs.stored import MatchingRun, Proposal, in_plan_of, latest_run
from matching.database.run import run_matching
from web.worker import perform

KILLS = int(os.environ.get("CRASH_KILLS", "4"))
SEED = int(os.environ.get("CRASH_SEED", "20260901"))
TICK = timedelta(milliseconds=1)


@dataclass
class Region:
    """A region in a SQLite file, with a job to match it and the processes that are at it."""

    engine: Engine
    registry: Registry = field(init=False)

    def __post_init__(self) -> None:
        """Post lots and offer windows in two streams, and match them once."""
        with writing(self.engine).begin() as session:
            self.registry = Registry(session, act={"actor": ACTOR, "at": datetime.now(UTC)})
            for place in (SHANGHAI, JIANGSU, ANHUI):
                for pattern in ("SW02", "SW06"):
                    line = self.registry.line(self.registry.facility(place), waste_pattern=pattern)
                    self.registry.window(90, line, **OPEN_ENDED)
            for tonnes in range(10, 40):
                code = ("900-001-S02", "900-099-S06")[tonnes % 2]
                self.registry.output(tonnes, code, place=(SHANGHAI, ANHUI)[tonnes % 3 == 0], **OPEN_ENDED)
        run_matching(self.engine, actor=ACTOR, at=datetime.now(UTC))

    def changes(self, chance: random.Random) -> None:
        """Post one more lot, so that the next result is another one."""
        with writing(self.engine).begin() as session:
            registry = Registry(session, self.registry.numbers, {"actor": ACTOR, "at": datetime.now(UTC)})
            registry.output(chance.randint(1, 40), **OPEN_ENDED)

    def job(self) -> Job:
        """The job that is under way, a new one where there is none."""
        with writing(self.engine).begin() as session:
            return ask_for(session, actor=ACTOR, at=datetime.now(UTC), kind=MATCHING)

    def seen(self, public_id: str) -> Job:
        """The job as it stands."""
        with reading(self.engine)() as session:
            return session.scalars(select(Job).filter_by(public_id=public_id)).one()

    def newest(self) -> MatchingRun:
        """The newest run."""
        with reading(self.engine)() as session:
            run = latest_run(session)
            assert run is not None
            return run

    def result(self) -> Result:
        """What the newest run says."""
        return stored(self.engine, self.newest().id)

    def require_whole(self, before: MatchingRun, old: Result, new: Result, job: Job) -> bool:
        """Require the old result with an unfinished job, or the new one with a finished; tell which."""
        after, now = self.newest(), self.seen(job.public_id)
        with reading(self.engine)() as session:
            assert verify_chain(session).faults == ()
            strays = select(Proposal.id).where(Proposal.status == "open", ~in_plan_of(after, Proposal))
            assert session.scalars(strays).all() == []
        if after.id == before.id:
            assert (self.result(), now.result_id) == (old, None)
            assert now.state in ("queued", "running")
            return False
        assert self.result() == new
        assert (now.state, now.result_id) == ("done", after.public_id)
        return True

    def require_one_owner_until_the_lease_ends(self, job: Job) -> None:
        """Require that nobody takes a claimed job before its lease is over, and that it is queued then."""
        held = self.seen(job.public_id)
        if held.lease_until is None:
            return
        for at, state in ((held.lease_until - TICK, "running"), (held.lease_until + TICK, "queued")):
            with writing(self.engine).begin() as session:
                reclaim(session, at=at)
                if state == "running":
                    assert claim(session, public_id=job.public_id, at=at) is None
            if held.token < MAX_CLAIMS:
                assert self.seen(job.public_id).state == state
        assert self.seen(job.public_id).token == held.token


OPEN_ENDED: dict[str, Any] = {"available_from": None, "available_to": None}


@pytest.fixture
def region(tmp_path: Path) -> Region:
    engine = create_engine_for(f"sqlite:///{tmp_path / 'crash.db'}")
    upgrade(engine)
    return Region(engine)


def started(region: Region, job: Job) -> tuple[BaseProcess, Connection]:
    """A process that performs the job, and what it tells."""
    spawning = multiprocessing.get_context("forkserver")
    # what takes long to import; the server of forks finds no module of the tests
    spawning.set_forkserver_preload(["web.worker", "matching.database.live_run"])
    hear, tell = spawning.Pipe(duplex=False)
    worker = spawning.Process(target=work, args=(str(region.engine.url), job.public_id, tell), daemon=True)
    worker.start()
    tell.close()
    return worker, hear


def heard(hear: Connection, most: int) -> int:
    """How many statements were told, at most so many; fewer where the work is done."""
    for told in range(most):
        assert hear.poll(120), "the worker tells nothing"
        if hear.recv() == DONE:
            return told
    return most


def statements(region: Region, chance: random.Random) -> int:
    """How many statements a job takes that is left alone."""
    region.changes(chance)
    worker, hear = started(region, region.job())
    told = heard(hear, 10**6)
    worker.join()
    assert told > 20
    return told


def test_killed_at_any_statement_a_job_leaves_the_old_result_or_the_new_one(region: Region) -> None:
    chance, done = random.Random(SEED), 0
    every = statements(region, chance)
    for _ in range(KILLS):
        region.changes(chance)
        job, before, old = region.job(), region.newest(), region.result()
        new = cold(region.engine, datetime.now(UTC))
        worker, hear = started(region, job)
        heard(hear, chance.randint(1, every + 2))
        worker.join(chance.choice((0, 0, chance.uniform(0, 0.02))))
        worker.kill()
        worker.join()
        finished = region.require_whole(before, old, new, job)
        if not finished:
            region.require_one_owner_until_the_lease_ends(job)
        done += finished
    assert done < KILLS, "some die before they publish"
    if KILLS >= 50:
        assert done > 0, "some die after it"


def test_a_worker_that_is_overtaken_publishes_nothing(region: Region) -> None:
    chance, overtaken = random.Random(SEED), 0
    every = statements(region, chance)
    while overtaken < KILLS:
        region.changes(chance)
        job, new = region.job(), cold(region.engine, datetime.now(UTC))
        worker, hear = started(region, job)
        heard(hear, chance.randint(1, every))
        os.kill(worker.pid or 0, signal.SIGSTOP)
        held = region.seen(job.public_id)
        if held.state != "running" or is_locked(region.engine):
            # not begun, published already, or stopped while it writes: then nobody can overtake it
            os.kill(worker.pid or 0, signal.SIGCONT)
            worker.join()
            assert region.result() == new
            continue
        assert held.lease_until is not None
        with writing(region.engine).begin() as session:
            reclaim(session, at=held.lease_until + TICK)
        perform(region.engine, job.public_id, LEASE)
        published = region.newest()
        assert region.result() == new
        assert region.seen(job.public_id).token == held.token + 1
        os.kill(worker.pid or 0, signal.SIGCONT)
        worker.join()
        assert (region.newest().id, region.result()) == (published.id, new)
        assert region.seen(job.public_id).result_id == published.public_id
        overtaken += 1


def is_locked(engine: Engine) -> bool:
    """Whether a process that does not go on holds the right to write."""
    with closing(sqlite3.connect(str(engine.url.database), timeout=0.2, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        connection.execute("ROLLBACK")
        return False
