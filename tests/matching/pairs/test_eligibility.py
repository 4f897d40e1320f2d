"""From a case to arcs: a 3 × 2 case by hand, lanes, exclusions, and blocks that change nothing."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from builders import ANHUI, AS_OF, SHANGHAI, capacity, case, output

from circularity.acceptance import CONDITIONS, RULES
from circularity.units import MISSING
from matching.case import Case
from matching.pairs import candidates
from matching.pairs.arcs import Arcs, find_arcs

ACID = "398-007-34"


def excluded(arcs: Arcs, row: int) -> dict[str, int]:
    return {rule.code: int(n) for rule, n in zip(RULES, arcs.excluded[row], strict=True) if n}


def three_by_two(**parameters: object) -> Case:
    """Slag here, slag from Anhui, and acid; a slag works and a licensed acid works in Shanghai."""
    return case(
        [
            output("O1", 30, price_cny_per_t=5),
            output("O2", 50, place=ANHUI, max_distance_km=300),
            output("O3", 20, ACID, max_distance_km=0.001, available_to=AS_OF + timedelta(days=9)),
        ],
        [
            capacity("C1", 60, gate_fee_cny_per_t=8),
            capacity(
                "C2",
                40,
                "HW34",
                "R6",
                entitlement_kind="hazardous_licence",
                licence_valid_to=AS_OF + timedelta(days=9),
                place=SHANGHAI,
            ),
        ],
        **parameters,
    )


def test_a_three_by_two_case_by_hand() -> None:
    arcs = find_arcs(three_by_two())
    assert list(zip(arcs.output.tolist(), arcs.capacity.tolist(), strict=True)) == [(0, 0), (1, 0), (2, 1)]
    assert arcs.distance_m.tolist() == [0, 288_672, 0]
    assert arcs.limit_kg.tolist() == [MISSING] * 3
    assert arcs.conditions.tolist() == [0, 1 << CONDITIONS.index("general_record"), 0]
    start = AS_OF.toordinal()
    assert arcs.earliest_day.tolist() == [start, start + 14, start]
    assert arcs.latest_day[0] == MISSING
    assert arcs.latest_day[2] == start + 9
    # O1: 8 - 5 = 3 CNY/t; O2: 288.672 km × 0.45 + 8, its price unknown; O3: all unknown but the way
    assert arcs.cost_ucny_per_kg.tolist() == [3_000, 129_902 + 8_000, 0]
    assert arcs.unknown["price"].tolist() == [False, True, True]
    assert arcs.unknown["gate_fee"].tolist() == [False, False, True]
    assert [excluded(arcs, row) for row in range(3)] == [{"waste_code": 1}] * 3


def test_each_excluded_capacity_is_counted_under_the_first_rule_that_excludes_it() -> None:
    built = case(
        [output("O1", place=ANHUI, max_distance_km=100, allowed_operations="C2")],
        [
            capacity("C1", standing="suspended", waste_pattern="SW06"),
            capacity("C2", waste_pattern="SW06"),
            capacity("C3", operation="R5"),
            capacity("C4"),
            capacity("C5", place=ANHUI),
        ],
    )
    arcs = find_arcs(built)
    assert arcs.capacity.tolist() == [4]
    assert excluded(arcs, 0) == {"standing": 1, "waste_code": 1, "operation": 1, "distance": 1}


def test_arcs_and_exclusions_together_are_all_pairs() -> None:
    built = three_by_two()
    arcs = find_arcs(built)
    assert len(arcs.output) + arcs.excluded.sum() == 3 * 2


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_the_size_of_a_block_changes_nothing(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = [
        output(
            f"O{k}",
            waste_code=("900-001-S02", "900-001-S06", ACID)[k % 3],
            max_distance_km=200 * (k % 2) + 100,
        )
        for k in range(7)
    ]
    capacities = [
        capacity(f"C{k}", waste_pattern=("SW02", "*")[k % 2], place=(ANHUI, SHANGHAI)[k // 2 % 2])
        for k in range(5)
    ]
    whole = find_arcs(case(outputs, capacities))
    monkeypatch.setattr(candidates, "GRID_PAIRS", size)
    parts = find_arcs(case(outputs, capacities))
    for name in ("output", "capacity", "distance_m", "conditions", "earliest_day", "latest_day", "excluded"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name)), name


def test_only_lanes_needs_no_coordinates_and_considers_no_other_pair() -> None:
    built = case(
        [output("O1", place=None), output("O2", place=None)],
        [capacity("C1", place=None), capacity("C2", place=None)],
        lanes=[
            {"output": "O1", "capacity": "C2", "cost_cny_per_t": 12, "limit_t": 30},
            {"output": "O2", "capacity": "C1", "distance_km": 40},
        ],
        only_lanes=True,
    )
    arcs = find_arcs(built)
    assert list(zip(arcs.output.tolist(), arcs.capacity.tolist(), strict=True)) == [(0, 1), (1, 0)]
    assert arcs.limit_kg.tolist() == [30_000, MISSING]
    assert arcs.distance_m.tolist() == [MISSING, 40_000]
    assert arcs.components["transport"].tolist() == [12_000, 40 * 450]
    assert arcs.excluded.sum() == 0


def test_a_lane_never_makes_a_pair_lawful() -> None:
    built = case(
        [output("O1", 10, ACID, place=None)],
        [capacity("C1", waste_pattern="*", place=None)],
        lanes=[{"output": "O1", "capacity": "C1", "distance_km": 1}],
        only_lanes=True,
    )
    arcs = find_arcs(built)
    assert arcs.output.size == 0
    assert excluded(arcs, 0) == {"hazardous_licence": 1}


def test_a_lane_distance_is_what_the_distance_limit_is_asked_of() -> None:
    built = case(
        [output("O1", max_distance_km=50)],
        [capacity("C1")],
        lanes=[{"output": "O1", "capacity": "C1", "distance_km": 51}],
    )
    assert excluded(find_arcs(built), 0) == {"distance": 1}


def test_a_case_without_pairs_has_no_arcs() -> None:
    arcs = find_arcs(case([], []))
    assert arcs.output.size == arcs.cost_ucny_per_kg.size == 0
    assert find_arcs(case([output("O1")], [])).excluded.sum() == 0


def test_rules_answered_by_code_stand_first_because_blocks_leave_them_out() -> None:
    assert RULES[: len(candidates.BY_CODE)] == candidates.BY_CODE
