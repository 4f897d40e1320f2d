"""Numbers at the edges: one kilogram, a billion tonnes, all alike, nothing at all. None crashes, none blurs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import ANHUI, capacity, case, output

from matching.parts import prepare
from matching.plan import Plan, make_plan
from matching.verify import check
from seed.generate import generate_case

BILLION_T = 10**9


def proven(plan: Plan) -> Plan:
    """Return the plan once the checker has accepted it."""
    assert check(prepare(plan.case), plan.claim) == []
    return plan


@pytest.mark.parametrize("engine", ["ortools", "networkx"])
def test_a_single_kilogram_is_not_lost_beside_a_billion_tonnes(engine: str) -> None:
    plan = proven(
        make_plan(
            case(
                [output("HUGE", BILLION_T), output("TINY", 0.001)],
                [capacity("C1", BILLION_T), capacity("C2", 0.001, place=ANHUI)],
            ),
            engine=engine,
        )
    )
    assert plan.placed_kg == BILLION_T * 1000 + 1
    assert plan.unmatched_kg.tolist() == [0, 0]


def test_sums_beyond_64_bits_of_cost_are_exact() -> None:
    plan = proven(
        make_plan(case([output("O", BILLION_T)], [capacity("C", BILLION_T, gate_fee_cny_per_t=90_000_000)]))
    )
    cost = next(level.value for level in plan.levels if level.name == "cost")
    assert cost == 10**12 * 90_000_000_000
    assert cost > 2**63


def test_equal_costs_everywhere_leave_one_plan_whatever_the_engine() -> None:
    outputs = [output(f"O{k}", 5) for k in range(12)]
    built = case(outputs, [capacity(f"C{k}", 4) for k in range(10)])
    plans = [proven(make_plan(built, engine=engine)) for engine in ("ortools", "networkx")]
    assert plans[0].unique
    assert plans[0].mass_kg.tolist() == plans[1].mass_kg.tolist()
    assert plans[0].placed_kg == 40_000


def test_capacities_of_nothing_take_nothing_and_say_so() -> None:
    plan = proven(make_plan(case([output("O", 5)], [capacity("C1", 0), capacity("C2", 0)])))
    assert plan.placed_kg == 0
    assert plan.reasons.reason.tolist() == ["capacity"]


def test_a_hundred_thousand_outputs_at_one_point_are_matched_in_whole_kilograms() -> None:
    drawn = generate_case(100_000, 4, 1)
    here = np.full(100_000, drawn.facilities.lat_e7[0]), np.full(100_000, drawn.facilities.lon_e7[0])
    built = replace(drawn, outputs=replace(drawn.outputs, lat_e7=here[0], lon_e7=here[1]))
    plan = proven(make_plan(built))
    assert plan.placed_kg + int(plan.unmatched_kg.sum()) == int(built.outputs.mass_kg.sum())
    assert plan.placed_kg > 0


def test_where_nothing_is_lawful_everything_has_a_reason() -> None:
    built = case([output(f"O{k}", 5) for k in range(5)], [capacity("C", 100, waste_pattern="SW99")])
    plan = proven(make_plan(built))
    assert plan.placed_kg == 0
    assert set(plan.reasons.reason.tolist()) == {"waste_code"}
