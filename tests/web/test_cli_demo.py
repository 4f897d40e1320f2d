"""`circularity demo --no-serve`, as the README promises it."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from circularity.database import Base, create_engine_for, reading
from web.cli import main


@pytest.fixture(scope="module")
def told_twice(databases):
    """What each of two demos on one database printed, and the rows of every table after it."""
    results, rows = [], []
    with databases.new(migrated=False) as url:
        for _ in range(2):
            results.append(
                CliRunner().invoke(main, ["demo", "--no-serve", "--loads", "0", "--database", url])
            )
            rows.append(counts(url))
    return results, rows


def counts(url):
    """Rows of every table."""
    engine = create_engine_for(url)
    with reading(engine)() as session:
        found = {name: session.scalar(select(func.count()).select_from(table))
                 for name, table in Base.metadata.tables.items()}  # fmt: skip
    engine.dispose()
    return found


def tonnes(text, label):
    return int(re.search(rf"{label}\s+([\d,]+)", text)[1].replace(",", ""))


def test_both_times_end_well(told_twice):
    assert [(result.exit_code, result.exception) for result in told_twice[0]] == [(0, None), (0, None)]


def test_it_prints_placed_tonnes_of_today_and_after_procedures(told_twice):
    text = told_twice[0][0].output
    today, after = tonnes(text, "can move today"), tonnes(text, "after procedures")
    assert tonnes(text, "placed") == pytest.approx(today + after, abs=1)  # each shown in whole tonnes
    assert min(today, after) > 0


def test_it_prints_planned_rates_against_targets_whose_period_is_over(told_twice):
    text = told_twice[0][0].output
    assert "planned rate" in text
    shanghai = [line for line in text.splitlines() if "上海市 Shanghai" in line]
    assert "95 % *" in shanghai[0]
    assert "99 % *" in shanghai[1]
    assert "period is over" in text


def test_procedures_lift_shanghai_over_its_target_but_not_its_bulk_waste(told_twice):
    text = told_twice[0][0].output
    general, bulk = (
        [float(rate) for rate in re.findall(r"(\d+\.\d\d) %", line)]
        for line in text.splitlines()
        if "上海市 Shanghai" in line
    )
    assert general[0] < 95 < general[1] < 97
    assert bulk[0] < bulk[1] < 99


def test_it_prints_the_top_reasons_for_what_is_unmatched(told_twice):
    text = told_twice[0][0].output
    reasons = text[text.index("top reasons") :]
    assert reasons.index("outlets are full") < reasons.index("distance limit")


def test_it_says_that_all_is_fictional_and_advice(told_twice):
    for result in told_twice[0]:
        assert "fictional" in result.output
        assert "advice" in result.output


def test_the_second_time_loads_nothing_and_says_so(told_twice):
    (first, second), (before, after) = told_twice
    assert "loaded" in first.output
    assert "nothing was added" in second.output
    of_runs = {"matching_runs", "proposals", "unmatched", "capacity_prices", "entry_costs", "audit_events"}
    assert {t: n for t, n in after.items() if t not in of_runs} == {
        t: n for t, n in before.items() if t not in of_runs
    }
    assert after["matching_runs"] == before["matching_runs"] + 1
    assert after["audit_events"] == before["audit_events"] + 1  # run.published, nothing else


def test_a_pipe_gets_no_progress_bar_and_no_colours(told_twice):
    assert "\x1b" not in told_twice[0][0].output
