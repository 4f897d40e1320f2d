"""Workers: what they publish is whole and theirs, however and whenever they end."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from deal_rows import deal
from registry import ACTOR, AT, Registry
from sqlalchemy import Engine, func, select

from circularity.audit import Actor, verify_chain
from circularity.custody import sheets
from circularity.custody.weighings import Ticket
from circularity.database import reading, writing
from circularity.jobs import MATCHING, CancellationAskedError, Job, ask_for, ask_to_cancel, claim, reclaim
from circularity.runs.stored import MatchingRun, Proposal, latest_run
from circularity.uploads import WEIGHBRIDGE, UploadContent, ask_for_import
from matching.database import live_run
from matching.database.run import run_matching
from web import import_jobs
from web import worker as worker_module
from web.jobs import open_queue, queue_url, send
from web.worker import perform, reconcile

ROOT = Path(__file__).resolve().parents[2]
SLOW = """
import time, matching.database.live_run as run
matched = run.matched
def slow(*arguments, **options):
    print("working", flush=True)
    time.sleep(60)
    return matched(*arguments, **options)
run.matched = slow
from web.cli import main
main()
"""
"""A worker that takes a minute in the middle of its run."""


@pytest.fixture
def matched(engine: Engine) -> str:
    """The public id of a run over 100 t of ash and a plant for 60 t."""
    with writing(engine).begin() as session:
        registry = Registry(session)
        open_ended = {"available_from": None, "available_to": None}
        registry.output(100, **open_ended)
        registry.window(60, **open_ended)
    return run_of(engine, run_matching(engine, actor=ACTOR, at=AT))


def run_of(engine: Engine, key: int) -> str:
    with reading(engine)() as session:
        return session.get_one(MatchingRun, key).public_id


def asked(engine: Engine) -> str:
    with writing(engine).begin() as session:
        return ask_for(session, actor=ACTOR, at=datetime.now(UTC), kind=MATCHING).public_id


def row(engine: Engine, public_id: str) -> Job:
    with reading(engine)() as session:
        return session.scalars(select(Job).filter_by(public_id=public_id)).one()


def newest(engine: Engine) -> str:
    with reading(engine)() as session:
        run = latest_run(session)
        assert run is not None
        return run.public_id


def is_whole(engine: Engine, public_id: str) -> bool:
    """Whether a run's proposals sum to what it says and none is superseded; they may be old and expired."""
    with reading(engine)() as session:
        run = session.scalars(select(MatchingRun).filter_by(public_id=public_id)).one()
        standing = Proposal.status != "superseded"
        total = select(func.sum(Proposal.mass_kg)).where(Proposal.run_id == run.id, standing)
        return bool(session.scalar(total) == run.placed_kg) and not verify_chain(session).faults


def until(holds: Callable[[], Any], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def in_the_middle(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Let something happen after the snapshot was read and before the plan is made."""
    match = live_run.matched

    def acted(*arguments: Any, **options: Any) -> Any:
        act()
        return match(*arguments, **options)

    monkeypatch.setattr(live_run, "matched", acted)


def test_a_job_done_names_the_run_it_published(engine: Engine, matched: str) -> None:
    public_id = asked(engine)
    perform(engine, public_id)
    job = row(engine, public_id)
    assert (job.state, job.result_id) == ("done", newest(engine))
    assert job.result_id != matched
    assert is_whole(engine, newest(engine))
    perform(engine, public_id)  # a message that comes twice
    assert newest(engine) == job.result_id


def test_a_worker_hears_of_the_job_from_the_queue(engine: Engine, database_url: str, matched: str) -> None:
    command = [sys.executable, "-m", "web.cli", "worker", "--until-stdin-ends", "--database", database_url]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        assert worker.stdin is not None
        worker.stdout.readline()
        public_id = asked(engine)
        send(queue_url(database_url), public_id)
        until(lambda: row(engine, public_id).state == "done")
        worker.stdin.close()
        worker.wait(20)
    assert newest(engine) != matched


def test_a_worker_killed_in_its_run_leaves_the_old_result_and_the_next_one_finishes(
    engine: Engine, database_url: str, matched: str
) -> None:
    public_id = asked(engine)
    command = [sys.executable, "-c", SLOW, "worker", "--lease", "1", "--database", database_url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        until(lambda: killed.stdout and "working" in killed.stdout.readline())
        until(lambda: row(engine, public_id).progress.get("phase") == "snapshot")
        killed.kill()
    assert row(engine, public_id).state == "running"
    assert newest(engine) == matched
    assert is_whole(engine, matched)
    queue = open_queue(queue_url(database_url))
    sent: list[str] = []
    until(lambda: reconcile(engine, queue, sent.append) or sent, seconds=10)
    queue.storage.close()
    perform(engine, sent[0])
    assert (row(engine, public_id).state, row(engine, public_id).token) == ("done", 2)
    assert newest(engine) == row(engine, public_id).result_id
    assert is_whole(engine, newest(engine))


def test_a_late_worker_cannot_publish(engine: Engine, matched: str, monkeypatch: pytest.MonkeyPatch) -> None:
    public_id = asked(engine)

    def lose_the_lease() -> None:
        with writing(engine).begin() as session:
            reclaim(session, at=datetime.now(UTC) + timedelta(minutes=2))
            assert claim(session, public_id=public_id, at=datetime.now(UTC)) is not None

    in_the_middle(monkeypatch, lose_the_lease)
    perform(engine, public_id)
    assert newest(engine) == matched
    assert is_whole(engine, matched)
    assert (row(engine, public_id).state, row(engine, public_id).token) == ("running", 2)


def test_a_run_asked_to_stop_leaves_the_old_result(
    engine: Engine, matched: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    public_id = asked(engine)

    def cancel() -> None:
        with writing(engine).begin() as session:
            job = session.scalars(select(Job).filter_by(public_id=public_id)).one()
            ask_to_cancel(session, actor=ACTOR, at=datetime.now(UTC), job=job)

    in_the_middle(monkeypatch, cancel)
    perform(engine, public_id)
    assert row(engine, public_id).state == "cancelled"
    assert newest(engine) == matched
    assert is_whole(engine, matched)


def test_a_run_that_fails_says_so_and_tells_nothing_of_our_inside(
    engine: Engine, matched: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall_over() -> None:
        raise RuntimeError("/secret/path")

    in_the_middle(monkeypatch, fall_over)
    public_id = asked(engine)
    perform(engine, public_id)
    job = row(engine, public_id)
    assert (job.state, job.error["code"]) == ("failed", "RuntimeError")
    assert "secret" not in str(job.error)
    assert newest(engine) == matched


def test_a_queue_out_of_reach_costs_nothing_but_time(engine: Engine, tmp_path: Path) -> None:
    public_id = asked(engine)
    send(f"sqlite:///{tmp_path / 'no' / 'folder.db'}", public_id)
    queue = open_queue(f"sqlite:///{tmp_path / 'queue.db'}")
    sent: list[str] = []
    reconcile(engine, queue, sent.append)
    queue.storage.close()
    assert sent == [public_id]


SLOW_READER = """
import time, web.import_jobs as imports
read = imports.read_weighbridge
def slow(*arguments, **options):
    print("working", flush=True)
    time.sleep(60)
    return read(*arguments, **options)
imports.read_weighbridge = slow
from web.cli import main
main()
"""
"""A worker that takes a minute in the middle of an import."""


def export_waiting(engine: Engine, rows: int = 3) -> str:
    """A drafted sheet, and an export that waits for a worker; return the id of its job."""
    with writing(engine).begin() as session:
        carried = deal(Registry(session))
        sheet = carried.draft(30, metering="sheet")
        session.flush()
        lines = [f"{n},沪A1,49860,16200,2026-09-01 09:00:{n % 60:02d}" for n in range(rows)]
        upload = ask_for_import(
            session,
            actor=Actor("张三", carried.works.organisation.public_id, "person"),
            at=datetime.now(UTC),
            kind=WEIGHBRIDGE,
            content="\n".join(["磅单号,车号,毛重(kg),皮重(kg),时间", *lines]).encode(),
            suffix="csv",
            parameters={"transfer": sheet.public_id, "line": 1, "side": "sender"},
        )
        return upload.job.public_id


def counts(engine: Engine) -> tuple[int, int]:
    """Return how many tickets are in, and how many files wait."""
    with reading(engine)() as session:
        tickets, files = (select(func.count()).select_from(model) for model in (Ticket, UploadContent))
        return session.scalar(tickets) or 0, session.scalar(files) or 0


def test_a_worker_killed_in_an_import_leaves_nothing_and_the_file_waits_for_the_next(
    engine: Engine, database_url: str
) -> None:
    public_id = export_waiting(engine)
    command = [sys.executable, "-c", SLOW_READER, "worker", "--lease", "1", "--database", database_url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        until(lambda: killed.stdout and "working" in killed.stdout.readline())
        until(lambda: row(engine, public_id).progress.get("phase") == "read")
        killed.kill()
    assert (row(engine, public_id).state, counts(engine)) == ("running", (0, 1))
    queue = open_queue(queue_url(database_url))
    sent: list[str] = []
    until(lambda: reconcile(engine, queue, sent.append) or sent, seconds=10)
    queue.storage.close()
    perform(engine, sent[0])
    assert (row(engine, public_id).state, row(engine, public_id).token) == ("done", 2)
    assert counts(engine) == (3, 0)


def test_an_import_that_falls_over_while_it_writes_leaves_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall_over(*_: Any, **__: Any) -> None:
        raise RuntimeError("/secret/path")

    monkeypatch.setattr(import_jobs, "finish_import", fall_over)
    public_id = export_waiting(engine)
    perform(engine, public_id)
    job = row(engine, public_id)
    assert (job.state, counts(engine)) == ("failed", (0, 0))
    assert "secret" not in str(job.error)


def test_an_import_asked_to_stop_while_it_is_read_takes_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    public_id = export_waiting(engine)
    read = import_jobs.read_weighbridge

    def cancelled(*arguments: Any) -> Any:
        with writing(engine).begin() as session:
            job = session.scalars(select(Job).filter_by(public_id=public_id)).one()
            ask_to_cancel(session, actor=ACTOR, at=datetime.now(UTC), job=job)
        return read(*arguments)

    monkeypatch.setattr(import_jobs, "read_weighbridge", cancelled)
    perform(engine, public_id)
    assert (row(engine, public_id).state, counts(engine)) == ("cancelled", (0, 0))


def test_a_late_worker_cannot_write_what_it_read(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    public_id = export_waiting(engine)
    read = import_jobs.read_weighbridge

    def lost(*arguments: Any) -> Any:
        with writing(engine).begin() as session:
            reclaim(session, at=datetime.now(UTC) + timedelta(minutes=2))
            assert claim(session, public_id=public_id, at=datetime.now(UTC)) is not None
        return read(*arguments)

    monkeypatch.setattr(import_jobs, "read_weighbridge", lost)
    perform(engine, public_id)
    assert (row(engine, public_id).state, counts(engine)) == ("running", (0, 1))


def test_an_import_asked_to_stop_while_it_is_written_leaves_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The beat hears of the wish between two chunks; what is written by then is rolled back."""
    public_id = export_waiting(engine)
    phases = []

    def hears(_: Any, phase: str, done: float) -> None:
        phases.append((phase, done))
        if phase == "write" and len(phases) > 3:
            raise CancellationAskedError

    monkeypatch.setattr(worker_module._Beat, "tell", hears)
    monkeypatch.setattr(sheets, "_CHUNK", 1)
    perform(engine, public_id)
    assert (row(engine, public_id).state, counts(engine)) == ("cancelled", (0, 0))
    assert [done for phase, done in phases if phase == "write"] == [0.0, 0.0, 1 / 3]
