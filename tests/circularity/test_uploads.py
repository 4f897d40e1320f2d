"""Uploaded files wait in the database for their worker, and go when their job has ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from registry import ACTOR, AT, Registry
from sqlalchemy import func, select

from circularity.audit import Actor
from circularity.custody.sheets import Imported
from circularity.errors import BadInput, InputProblem, RuleBroken
from circularity.jobs import (
    MAX_CLAIMS,
    CancellationAskedError,
    Claim,
    Job,
    ask_to_cancel,
    claim,
    fail,
    reclaim,
)
from circularity.uploads import (
    KEPT_PROBLEMS,
    MAX_WAITING,
    OFFICIAL_NUMBERS,
    Upload,
    UploadContent,
    ask_for_import,
    finish_import,
    imports_of,
    note_refused,
    purge_ended,
    waiting_file,
)

CONTENT = b"number,official_number\n"


def ask(registry: Registry, actor: Actor = ACTOR, content: bytes = CONTENT, **parameters: Any) -> Upload:
    facts = {"kind": OFFICIAL_NUMBERS, "suffix": "csv", "parameters": parameters}
    return ask_for_import(registry.session, actor=actor, at=AT, content=content, **facts)


def held(registry: Registry, upload: Upload) -> Claim:
    taken = claim(registry.session, public_id=upload.job.public_id, at=AT)
    assert taken is not None
    return taken


def files(registry: Registry) -> int:
    return registry.session.scalar(select(func.count()).select_from(UploadContent)) or 0


def problem(row: int) -> InputProblem:
    return InputProblem("upload.csv", row, "number", "not_found", "", "无", "none")


def test_a_file_waits_with_its_digest_and_equal_ones_are_two_jobs(registry: Registry) -> None:
    first, second = ask(registry), ask(registry)
    assert first.job is not second.job
    assert first.sha256 == second.sha256
    assert waiting_file(registry.session, first.job) == ("csv", CONTENT)


@pytest.mark.parametrize("content", [b"", b"x" * (50 * 1024 * 1024 + 1)], ids=["empty", "too large"])
def test_a_file_without_content_or_over_50_mb_is_refused(registry: Registry, content: bytes) -> None:
    with pytest.raises(BadInput):
        ask(registry, content=content)


def test_an_import_that_ends_says_what_came_of_it_and_its_bytes_are_gone(registry: Registry) -> None:
    upload = ask(registry)
    rows = tuple(problem(row) for row in range(KEPT_PROBLEMS + 5))
    finish_import(registry.session, held(registry, upload), at=AT, done=Imported(7, 2, rows))
    registry.session.refresh(upload.job)
    assert (upload.added, upload.ignored, upload.refused) == (7, 2, KEPT_PROBLEMS + 5)
    assert len(upload.problems["rows"]) == KEPT_PROBLEMS
    assert (upload.job.state, upload.job.result_id) == ("done", upload.public_id)
    assert files(registry) == 0
    with pytest.raises(LookupError):
        waiting_file(registry.session, upload.job)


def test_an_import_asked_to_stop_cannot_end_as_done(registry: Registry) -> None:
    upload = ask(registry)
    taken = held(registry, upload)
    ask_to_cancel(registry.session, actor=ACTOR, at=AT, job=upload.job)
    with pytest.raises(CancellationAskedError):
        finish_import(registry.session, taken, at=AT, done=Imported(1, 0))


def test_the_bytes_stay_while_a_worker_may_still_come_and_go_however_the_job_ends(registry: Registry) -> None:
    session = registry.session
    running, waiting, failed, dying = (ask(registry) for _ in range(4))
    assert claim(session, public_id=running.job.public_id, at=AT, lease=timedelta(days=1)) is not None
    fail(session, held(registry, failed), at=AT, code="c", zh="坏", en="bad")
    note_refused(session, failed.job, [problem(1)])
    later = AT
    for _ in range(MAX_CLAIMS):
        assert claim(session, public_id=dying.job.public_id, at=later) is not None
        later += timedelta(minutes=2)
        session.expire_all()
        reclaim(session, at=later)
    session.expire_all()
    assert [upload.job.state for upload in (waiting, failed, dying)] == ["queued", "failed", "failed"]
    assert (failed.added, failed.refused) == (0, 1)
    purge_ended(session)
    assert files(registry) == 2
    ask_to_cancel(session, actor=ACTOR, at=AT, job=waiting.job)
    assert (purge_ended(session), files(registry)) == (1, 1)


def test_each_organisation_has_its_own_imports_and_only_so_many_at_a_time(registry: Registry) -> None:
    mine, other = registry.organisation(), registry.organisation()
    actors = [Actor("张三", one.public_id, "person") for one in (mine, other)]
    for _ in range(MAX_WAITING):
        ask(registry, actors[0])
    with pytest.raises(RuleBroken) as refused:
        ask(registry, actors[0])
    assert refused.value.code == "too_many_imports"
    theirs = ask(registry, actors[1])
    assert registry.session.scalars(imports_of(other)).all() == [theirs]
    assert len(registry.session.scalars(imports_of(mine)).all()) == MAX_WAITING
    assert registry.session.scalars(select(Job)).all()
