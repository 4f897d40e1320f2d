"""Planning part by part: neither processes, engines nor the way columns were found show in the plan."""

from __future__ import annotations

import pytest

from matching.engines import column_generation
from matching.pairs.parts import prepare, split
from matching.plans import planning
from matching.plans.plan import Plan, make_plan
from seed.generate import generate_case


def figures(plan: Plan) -> tuple[object, ...]:
    """Return everything that a plan says, potentials aside."""
    arcs, prices = plan.arcs, plan.prices
    return (
        arcs.output.tolist(), arcs.capacity.tolist(), plan.mass_kg.tolist(), plan.levels,
        prices.change.tolist(), plan.entry_costs.tolist(), plan.bottlenecks, plan.lawful_pairs,
        plan.reasons.change_zh.tolist(), arcs.excluded.tolist(),
    )  # fmt: skip


def test_processes_do_not_show_in_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    case = generate_case(300, 30, 5)
    alone = make_plan(case)
    monkeypatch.setattr(planning, "PARALLEL_CANDIDATES", 0)
    assert figures(make_plan(case, processes=2)) == figures(alone)


@pytest.mark.parametrize("engine", ["ortools", "networkx"])
def test_pairs_that_join_one_after_another_give_the_plan_that_all_pairs_give(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = generate_case(400, 40, 2, 5)
    at_once = make_plan(case, engine=engine)
    monkeypatch.setattr(column_generation, "ALL_PAIRS", 50)
    monkeypatch.setattr(column_generation, "FIRST_PAIRS", 2)
    monkeypatch.setattr(column_generation, "MORE_PAIRS", 1)
    assert figures(make_plan(case, engine=engine)) == figures(at_once)


def test_weights_too_small_to_keep_the_levels_apart_cost_time_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = generate_case(300, 30, 2, 8)
    right = make_plan(case)
    monkeypatch.setattr(column_generation, "weights_of", lambda *_: (5, 1, 4, 1, 1, 1))
    assert figures(make_plan(case)) == figures(right)


def test_every_output_with_a_candidate_is_in_one_part_and_parts_share_no_limit() -> None:
    prepared = prepare(generate_case(300, 60, 10))
    parts = split(prepared)
    outputs = [row for part in parts for row in part.outputs.tolist()]
    nodes = [node for part in parts for node in part.nodes.tolist()]
    assert len(outputs) == len(set(outputs))
    assert len(nodes) == len(set(nodes))
    assert sum(part.candidates for part in parts) == sum(
        len(prepared.fits.capacities[code]) for code in prepared.fits.code.tolist()
    )
