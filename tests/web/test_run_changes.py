"""What a run changed is listed with its cause; what is not published is told in bands and without amounts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from api_world import OPEN, SECRETS, World, world
from databases import Databases
from registry import ACTOR, AT, Registry
from sqlalchemy import select

from circularity.database import reading, writing
from circularity.registry.outputs import Output, withdraw_output
from circularity.runs.stored import MatchingRun, latest_run
from matching.database.run import run_matching
from web.cli.run_text import run_lines, run_values


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[World]:
    """A second run, after the unpublished lot was withdrawn and one like it was posted."""
    with databases.new() as url, world(url) as made:
        with writing(made.engine).begin() as session:
            lot = session.scalars(select(Output).filter_by(public_id=made.ids["output_id"])).one()
            withdraw_output(session, actor=ACTOR, at=AT, output=lot)
            Registry(session, numbers=count(500)).output(**OPEN, **SECRETS)
        run_matching(made.engine, actor=ACTOR, at=AT)
        yield made


def newest(served: World) -> str:
    with reading(served.engine)() as session:
        run = latest_run(session)
        assert run is not None
        return run.public_id


def changes(served: World, run: str) -> list[dict[str, Any]]:
    answer = served.client.get(f"/api/v1/runs/{run}/changes")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.get_json()
    return found


def test_the_first_run_changed_nothing_and_says_so(served: World) -> None:
    runs = served.client.get("/api/v1/runs").get_json()
    assert changes(served, runs[-1]["id"]) == []
    assert changes(served, served.ids["run_id"]) != []


def test_every_changed_pair_is_listed_with_its_cause(served: World) -> None:
    told = changes(served, newest(served))
    causes = {(row["kind"], row["cause"]) for row in told}
    assert {("gone", "output_withdrawn"), ("new", "output_posted")} <= causes
    gone = [row for row in told if row["cause"] == "output_withdrawn"]
    assert {row["output"]["id"] for row in gone} == {served.ids["output_id"]}
    assert all(row["zh"] == "该批次已撤回、结束或已签约" for row in gone)


def test_exact_masses_and_amounts_are_told_only_where_both_sides_published_theirs(served: World) -> None:
    told = changes(served, newest(served))
    public = served.ids["public_output_id"], served.ids["public_window_id"]
    for row in told:
        exact = (row["output"]["id"], row["window_id"]) == public
        assert ("before_t" in row, "after_t" in row) == (exact, exact)
        assert {"before_band", "after_band"} <= row.keys()
        if not exact:
            assert not any(sign.isdigit() for sign in row["zh"] + row["en"])
    assert any((row["output"]["id"], row["window_id"]) != public for row in told)


def test_changes_are_paged(served: World) -> None:
    run = newest(served)
    answer = served.client.get(f"/api/v1/runs/{run}/changes?page_size=1")
    assert answer.get_json() == changes(served, run)[:1]
    assert "next" in answer.headers["Link"]


def test_the_page_tells_the_changes_in_both_languages(served: World) -> None:
    zh, en = (
        served.client.get(f"/runs/{newest(served)}?lang={lang}").get_data(as_text=True)
        for lang in ("zh", "en")
    )
    assert "与上次撮合相比的变化" in zh
    assert "该批次已撤回、结束或已签约" in zh
    assert "What changed since the run before" in en
    assert "the output was withdrawn, is over or is under agreement" in en


def test_the_command_line_counts_what_was_kept_and_what_changed(served: World) -> None:
    with reading(served.engine)() as session:
        run = session.scalars(select(MatchingRun).filter_by(public_id=newest(served))).one()
        counts = run_values(session, run)["changes"]
        assert counts["gone"] >= 1
        assert counts["new"] >= 1
        line = next(line for line in run_lines(session, run) if "since the run before" in line)
    assert f"保留 kept {counts['kept']}" in line
    assert f"取消 gone {counts['gone']}" in line
