"""A whole plan that can be checked by hand: 3 outputs, 2 capacities."""

from __future__ import annotations

from datetime import timedelta

import pytest
from builders import ANHUI, AS_OF, SHANGHAI, capacity, case, output

from circularity.acceptance import CONDITIONS
from matching.case import Case
from matching.plans.plan import Plan, make_plan


@pytest.fixture
def by_hand() -> Case:
    """Slag A (60 t) and B (50 t) compete for 80 t; acid C fits the other plant's code, not its licence."""
    return case(
        [
            output("A", 60, "312-001-S01"),
            output("B", 50, "312-001-S01"),
            output("C", 7, "900-300-34"),
        ],
        [
            capacity("MILL", 80, "SW01", "C2"),
            capacity("PLANT", 40, "HW34", "R6", entitlement_kind="eia_approval"),
        ],
        lanes=[
            {"output": "A", "capacity": "MILL", "cost_cny_per_t": 30},
            {"output": "B", "capacity": "MILL", "cost_cny_per_t": 20},
        ],
    )


def levels(plan: Plan) -> dict[str, int]:
    """Return the level values by name."""
    return {level.name: level.value for level in plan.levels}


def test_the_3_by_2_case_reaches_the_optimum_computed_by_hand(by_hand: Case) -> None:
    plan = make_plan(by_hand)
    placed = {
        str(by_hand.outputs.output_id[plan.arcs.output[a]]): int(plan.mass_kg[a])
        for a in plan.mass_kg.nonzero()[0]
    }
    assert placed == {"A": 30_000, "B": 50_000}, "80 t in all; B first, being 10 CNY/t cheaper"
    assert levels(plan)["placed_kg"] == 80_000
    assert levels(plan)["utilised_kg"] == 80_000
    assert levels(plan)["cost"] == (30_000 * 30 + 50_000 * 20) * 1000, "kg × CNY/t × 1000 = µCNY"


def test_each_unmatched_tonne_of_the_3_by_2_case_has_the_right_reason(by_hand: Case) -> None:
    reasons = make_plan(by_hand).reasons
    assert reasons.output.tolist() == [0, 2]
    assert reasons.mass_kg.tolist() == [30_000, 7_000]
    assert reasons.reason.tolist() == ["capacity", "hazardous_licence"]


def test_one_more_tonne_at_the_mill_places_one_more_and_costs_thirty_yuan(by_hand: Case) -> None:
    prices = make_plan(by_hand).prices
    assert prices.placed_per_kg.tolist() == [1, 0]
    assert prices.saving_ucny_per_kg.tolist() == [-30_000, 0], "30 CNY/t more, not saved"


def test_a_new_slag_pair_from_anhui_to_shanghai_waits_for_its_record_and_is_never_hidden() -> None:
    built = case(
        [output("SLAG", 50, "312-001-S01", place=ANHUI)], [capacity("MILL", 80, "SW01", place=SHANGHAI)]
    )
    plan = make_plan(built)
    (arc,) = plan.mass_kg.nonzero()[0]
    assert plan.placed_kg == 50_000
    assert plan.can_move_today_kg == 0
    assert plan.arcs.conditions[arc] == 1 << CONDITIONS.index("general_record")
    assert plan.arcs.earliest_day[arc] > AS_OF.toordinal(), "it starts after the lead time of the record"


def test_an_urgent_hazardous_lot_comes_before_a_cheaper_one() -> None:
    licence = {"entitlement_kind": "hazardous_licence", "licence_no": "DEMO-1"}
    valid = {"licence_valid_to": AS_OF + timedelta(days=700)}
    built = case(
        [
            output("FRESH", 10, "900-300-34", storage_since=AS_OF - timedelta(days=30)),
            output("OLD", 10, "900-300-34", storage_since=AS_OF - timedelta(days=400)),
        ],
        [capacity("ACID", 10, "HW34", "R6", **licence, **valid)],
        lanes=[
            {"output": "FRESH", "capacity": "ACID", "cost_cny_per_t": 10},
            {"output": "OLD", "capacity": "ACID", "cost_cny_per_t": 500},
        ],
    )
    plan = make_plan(built)
    assert plan.unmatched_kg.tolist() == [10_000, 0], "400 days in storage goes first, whatever it costs"
    assert levels(plan)["urgent_kg"] == 10_000


def test_only_lanes_needs_no_places() -> None:
    built = case(
        [output("A", 5, place=None), output("B", 5, place=None)],
        [capacity("X", 8, place=None)],
        lanes=[{"output": "A", "capacity": "X", "cost_cny_per_t": 1}],
        only_lanes=True,
    )
    assert make_plan(built).unmatched_kg.tolist() == [0, 5_000], "no lane, no match"


def test_no_capacity_at_all_leaves_everything_unmatched_with_a_reason() -> None:
    plan = make_plan(case([output("A", 5)], []))
    assert plan.unmatched_kg.tolist() == [5_000]
    assert plan.reasons.reason.tolist() == ["no_candidate"]


def test_an_empty_capacity_side_leaves_everything_unmatched_with_reasons() -> None:
    built = case([output("A", 5), output("B", 0)], [capacity("X", 0)])
    plan = make_plan(built)
    assert plan.placed_kg == 0
    assert plan.reasons.mass_kg.tolist() == [5_000]
