"""`circularity bench` at a tiny size: real processes, real solvers, nothing about speed."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from matching.engines.network_flow import ENGINES
from web.cli import main
from web.cli.benchmark.ratios import differing_level, ratios
from web.cli.benchmark.script import geodesic_task, networkx_task
from web.cli.benchmark.solvers import MOST_PAIRS, ortools_task
from web.cli.benchmark.standard_case import StandardCase, capacities_by_code, group_pairs
from web.cli.benchmark.task import LeftOut, Options

TINY = StandardCase(60, 20, 10, "tight")


def bench(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["bench", "--sizes", "60x20", "--tightness", "tight", *arguments])


@cache
def measured() -> dict[str, Any]:
    answer = bench("--repeat", "2", "--json")
    assert answer.exit_code == 0, answer.output
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def test_json_tells_the_machine_and_every_case():
    found = measured()
    assert {"cores", "system", "python", "versions"} == set(found["machine"])
    (case,) = found["cases"]
    assert [case[key] for key in ("outputs", "capacities", "groups", "tightness")] == [60, 20, 10, "tight"]
    assert case["arcs"] == case["parts"]["product"]["arcs"] > 0


def test_every_part_tells_its_runs_seconds_and_memory():
    parts = measured()["cases"][0]["parts"]
    assert list(parts)[:2] == ["product", "verify"]
    for part in (part for part in parts.values() if "left_out" not in part):
        assert part["runs"] == 2
        assert 0 < part["seconds"]["min"] <= part["seconds"]["median"] <= part["seconds"]["max"]
        assert part["peak_mb"] >= part["before_mb"] > 0
    assert set(parts["product"]["phases"]) >= {"solve", "verify", "explain"}
    assert parts["verify"]["faults"] == 0


def test_solvers_reach_the_same_levels_as_the_product():
    parts = measured()["cases"][0]["parts"]
    for key in ("ortools", "networkx", *(["lemon"] if "lemon" in ENGINES else [])):
        assert parts[key]["equal_levels"]
        assert parts[key]["arcs"] == parts["product"]["arcs"]
        assert parts[key]["levels"]["placed_kg"] == parts["product"]["placed_kg"] > 0


def test_ratios_to_solvers_script_and_finding_are_told():
    told = measured()["cases"][0]["ratios"]
    wanted = {"product_over_ortools", "geodesic_over_product", "script_over_product", "verify_over_finding",
              "one_posting_over_product", "one_percent_over_product"}  # fmt: skip
    assert wanted <= set(told)
    assert all(ratio > 0 for ratio in told.values())


def test_the_table_has_a_row_for_every_part_and_a_chinese_legend(monkeypatch):
    (case,) = measured()["cases"]
    monkeypatch.setattr("web.cli.bench.measure_case", lambda *_: case)
    text = bench().stdout
    assert "图例" in text
    assert f"60 × 20, 10 groups, tight: {case['arcs']:,} lawful pairs" in text
    for row in ("product: arrays to verified plan", "verify from arrays", "bare OR-Tools", "networkx"):
        assert row in text
    assert f"{case['ratios']['product_over_ortools']:.2f}" in text


@pytest.mark.parametrize("sizes", ["60", "60x", "a x b", "60x20x3", "9x20", "60x18"])
def test_sizes_that_make_no_case_are_refused(sizes):
    assert bench("--sizes", sizes).exit_code == 2


def test_group_pairs_are_those_that_share_a_waste_group():
    case = TINY.build()
    of_code = capacities_by_code(case)
    assert group_pairs(case) == sum(len(of_code[code]) for code in case.outputs.waste_code.tolist())
    assert sorted(np.concatenate(list(of_code.values())).tolist()) == list(range(20))


def test_a_long_script_is_extrapolated_from_a_stated_sample():
    case = StandardCase(4000, 200, 10, "slack").build()
    task = geodesic_task(case, Options())
    facts = task.facts(2.0)
    assert facts["extrapolated"]
    assert facts["seconds"] == 2.0 * group_pairs(case) / facts["sample_pairs"]
    assert f"{facts['sample_pairs']:,} of {group_pairs(case):,} pairs" in facts["note"]
    assert "extrapolated" not in geodesic_task(case, Options(whole_script=True)).facts(2.0)


def test_networkx_is_left_out_where_it_takes_minutes_and_nobody_asked():
    with pytest.raises(LeftOut, match="--naive"):
        networkx_task(StandardCase(3000, 200, 10, "slack").build(), Options())


def test_a_solver_is_left_out_where_its_pairs_do_not_fit_memory(monkeypatch):
    monkeypatch.setattr("web.cli.benchmark.solvers.MOST_PAIRS", 10)
    with pytest.raises(LeftOut, match="more than 10"):
        ortools_task(TINY.build(), Options())
    assert MOST_PAIRS > 10


def test_ratios_are_medians_within_turns():
    seconds = {"product": [1.0, 2.0, 9.0], "ortools": [1.0, 4.0, 3.0], "geodesic": [10.0], "networkx": [5.0]}
    phases = [{"eligibility": 1.0, "solve": 1.0, "verify": 7.0}] * 2
    told = ratios({**seconds, "verify": [1.0, 3.0]}, phases)
    assert told["product_over_ortools"] == 1.0
    assert told["script_over_product"] == 15.0
    assert told["verify_over_finding"] == 1.0
    assert "product_over_lemon" not in told


def test_the_first_level_that_differs_is_named():
    assert differing_level({"a": 1, "b": 2**80, "c": 3}, {"a": 1, "b": 2**80 + 1}) == "b"
    assert differing_level({"a": 1, "b": 2}, {"a": 1}) is None
