"""Asking for a run, watching it and cancelling it, from the pages and through the API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from api_world import World, world
from page_world import Pages, served_pages
from sqlalchemy import Engine, select

from circularity.database import writing
from circularity.jobs import Job, claim, fail, report_progress
from circularity.runs.stored import latest_run
from web.jobs import open_queue, queue_url, sender
from web.pages.jobs import PHASES
from web.worker import perform


@pytest.fixture
def pages(database_url: str) -> Iterator[Pages]:
    with served_pages(database_url, matched=False, open_to_write=True) as made:
        yield made


@pytest.fixture
def open_world(database_url: str) -> Iterator[World]:
    with world(database_url, api_write=True) as made:
        yield made


def start(pages: Pages) -> str:
    """Press the button and return the address one is sent to."""
    answer = pages.client.post("/runs")
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def run_job(engine: Engine, address: str, progress: dict[str, Any]) -> Any:
    """Let a worker take the job of an address and report."""
    now = datetime.now(UTC)
    with writing(engine).begin() as session:
        held = claim(session, public_id=address.rpartition("/")[2], at=now)
        assert held is not None
        report_progress(session, held, at=now, progress=progress)
    return held


def test_a_run_is_asked_for_watched_and_found_from_its_page(pages: Pages, engine: Engine) -> None:
    assert "Match everything now" in pages.text("/runs")
    address = start(pages)
    waiting = pages.text(address)
    assert "Waiting for a worker" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    assert address in pages.text("/runs")
    assert start(pages) == address  # pressing twice asks once
    perform(engine, address.rpartition("/")[2])
    done = pages.text(address)
    with writing(engine)() as session:
        run = latest_run(session)
        assert run is not None
        assert f"/runs/{run.public_id}" in done
    assert "hx-trigger" not in done
    assert "Match everything now" in pages.text("/runs")


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("zh", ["后台撮合", "进行中", "取消本次撮合", "撮合建议，不构成义务"]),
        (
            "en",
            ["Matching run in the background", "Running", "Cancel this run", "Matching advice"],
        ),
    ],
)
def test_progress_is_shown_in_both_languages(
    pages: Pages, engine: Engine, lang: str, words: list[str]
) -> None:
    address = start(pages)
    run_job(engine, address, {"phase": PHASES[1], "permille": 500})
    text = pages.text(address, lang)
    assert [word for word in words if word not in text] == []
    assert f'value="{round(1500 / len(PHASES))}"' in text  # one phase and half of the next
    assert [phase for phase in PHASES if f">{phase}<" in text] == []  # each has words of its own
    assert text.index('class="passed"') < text.index('class="now" aria-current="step"')


def test_a_phase_the_page_does_not_know_is_no_fault(pages: Pages, engine: Engine) -> None:
    address = start(pages)
    run_job(engine, address, {"phase": "unheard of", "permille": 1})
    assert "Running" in pages.text(address)


def test_a_run_is_cancelled_from_its_page(pages: Pages, engine: Engine) -> None:
    address = start(pages)
    run_job(engine, address, {})
    answer = pages.client.post(f"{address}/cancellation")
    assert (answer.status_code, answer.headers["Location"]) == (303, address)
    text = pages.text(address)
    assert "Asked to stop" in text
    assert "Cancel this run" not in text


def test_a_failed_job_says_why(pages: Pages, engine: Engine) -> None:
    address = start(pages)
    held = run_job(engine, address, {})
    with writing(engine).begin() as session:
        fail(session, held, at=datetime.now(UTC), code="c", zh="数据有误", en="the data are wrong")
    assert "数据有误" in pages.text(address, "zh")
    assert "the data are wrong" in pages.text(address)
    assert pages.client.post(f"{address}/cancellation").status_code == 422


def test_what_is_asked_for_is_told_to_workers_by_its_id_alone(pages: Pages, database_url: str) -> None:
    public_id = start(pages).rpartition("/")[2]
    queue = open_queue(queue_url(database_url))
    heard: list[str] = []
    sender(queue, heard.append)
    queue.execute(queue.dequeue())
    queue.storage.close()
    assert heard == [public_id]


def test_another_site_cannot_press_the_button(pages: Pages) -> None:
    for origin in ("https://elsewhere.example", "null"):
        assert pages.client.post("/runs", headers={"Origin": origin}).status_code == 403
    assert pages.client.post("/runs", headers={"Origin": "http://localhost"}).status_code == 303


def test_where_writing_is_closed_nobody_starts_or_cancels(database_url: str) -> None:
    with served_pages(database_url) as closed:
        assert "Match everything now" not in closed.text("/runs")
        address = f"/jobs/{closed.ids['job']}"
        assert "Cancel this run" not in closed.text(address)
        assert closed.client.post("/runs").status_code == 403
        assert closed.client.post(f"{address}/cancellation").status_code == 403
        assert "Waiting for a worker" in closed.text(address)


def test_no_job_is_found_at_a_wrong_address(pages: Pages) -> None:
    assert pages.client.get("/jobs/nothing").status_code == 404
    assert pages.client.post("/jobs/nothing/cancellation").status_code == 404


def test_a_job_is_asked_for_and_cancelled_through_the_api(open_world: World) -> None:
    under_way = open_world.client.post("/api/v1/jobs", json={"kind": "matching"})
    assert (under_way.status_code, under_way.get_json()["id"]) == (201, open_world.ids["job_id"])
    cancelled = open_world.client.post(f"{under_way.headers['Location']}/cancellation", json={})
    assert (cancelled.status_code, cancelled.get_json()["state"]) == (201, "cancelled")
    again = open_world.client.post(f"{under_way.headers['Location']}/cancellation", json={})
    assert (again.status_code, again.get_json()["type"]) == (422, "urn:circularity:problem:job_ended")
    fresh = open_world.client.post("/api/v1/jobs", json={"kind": "matching"}).get_json()
    assert (fresh["state"], fresh["attempt"]) == ("queued", 0)
    assert [job["state"] for job in open_world.client.get("/api/v1/jobs").get_json()] == [
        "queued", "cancelled",
    ]  # fmt: skip
    assert len(open_world.client.get("/api/v1/jobs?state=queued").get_json()) == 1


def test_a_job_done_names_its_run_through_the_api(open_world: World) -> None:
    public_id = open_world.ids["job_id"]
    perform(open_world.engine, public_id)
    job = open_world.client.get(f"/api/v1/jobs/{public_id}").get_json()
    assert (job["state"], job["attempt"]) == ("done", 1)
    assert open_world.client.get(f"/api/v1/runs/{job['result_id']}").status_code == 200
    with writing(open_world.engine)() as session:
        assert session.scalars(select(Job).filter_by(public_id=public_id)).one().is_finished


@pytest.mark.parametrize("body", [{}, {"kind": "nonsense"}, {"kind": "matching", "state": "done"}])
def test_a_job_that_cannot_be_asked_for_is_refused(open_world: World, body: dict[str, str]) -> None:
    assert open_world.client.post("/api/v1/jobs", json=body).status_code == 422
