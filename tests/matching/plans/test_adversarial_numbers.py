"""Numbers at the edges: one kilogram, a billion tonnes, all alike, nothing at all; none crashes or blurs.

MATCHING_CROWD=100000 takes a minute.
"""

from __future__ import annotations

import os
from dataclasses import fields, replace

import numpy as np
import pytest
from builders import ANHUI, capacity, case, output

from matching.case_tables import Outputs
from matching.pairs.parts import prepare
from matching.plans.plan import Plan, make_plan
from matching.proof.verify import check

BILLION_T = 10**9
CROWD = int(os.environ.get("MATCHING_CROWD", "5000"))


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


def test_a_crowd_of_outputs_at_one_point_is_matched_in_whole_kilograms() -> None:
    near_t, far_t = CROWD * 3 // 10, CROWD // 2
    one = case([output("O", 1)], [capacity("NEAR", near_t), capacity("FAR", far_t, place=ANHUI)])
    columns = {f.name: getattr(one.outputs, f.name) for f in fields(one.outputs)}
    crowd = {n: np.repeat(c, CROWD) if isinstance(c, np.ndarray) else c for n, c in columns.items()}
    crowd["output_id"] = np.array([f"O{k:06d}" for k in range(CROWD)])
    plan = proven(make_plan(replace(one, outputs=Outputs(**crowd))))
    assert plan.load_kg[:2].tolist() == [far_t * 1000, near_t * 1000]
    assert int(plan.unmatched_kg.sum()) == (CROWD - near_t - far_t) * 1000
    assert plan.unique


def test_where_nothing_is_lawful_everything_has_a_reason() -> None:
    built = case([output(f"O{k}", 5) for k in range(5)], [capacity("C", 100, waste_pattern="SW99")])
    plan = proven(make_plan(built))
    assert plan.placed_kg == 0
    assert set(plan.reasons.reason.tolist()) == {"waste_code"}
