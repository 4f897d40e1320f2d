"""Limits nest or are refused; quotas by origin sit below their capacity."""

from __future__ import annotations

import pytest
from builders import ANHUI, SHANGHAI, capacity, case, output

from matching.cap_tree import build_cap_tree
from matching.case import InvalidCase
from matching.plan import make_plan


def test_caps_nest_by_their_members() -> None:
    built = case([output("O")], [capacity("A"), capacity("B"), capacity("C")],
                 caps=[("line", 5, ["A", "B"], ""), ("plant", 7, ["A", "B", "C"], "")])  # fmt: skip
    tree = build_cap_tree(built)
    assert tree.parent.tolist() == [3, 3, 4, 4, -1], "A and B under the line, C and the line under the plant"
    assert tree.limit_kg.tolist() == [100_000, 100_000, 100_000, 5_000, 7_000]


def test_crossing_caps_are_refused_by_name() -> None:
    built = case([output("O")], [capacity("A"), capacity("B"), capacity("C")],
                 caps=[("one", 5, ["A", "B"], ""), ("two", 7, ["B", "C"], "")])  # fmt: skip
    with pytest.raises(InvalidCase, match="cap one and cap two cross"):
        build_cap_tree(built)


def test_a_quota_by_origin_over_two_capacities_crosses_each_of_them() -> None:
    built = case([output("O")], [capacity("A"), capacity("B")], caps=[("quota", 5, ["A", "B"], "34")])
    with pytest.raises(InvalidCase, match=r"capacity \w and cap quota cross"):
        build_cap_tree(built)


def test_a_quota_binds_a_province_spelled_with_all_six_digits() -> None:
    plan = make_plan(
        case(
            [output("FROM-AH", 10, place=ANHUI)],
            [capacity("A", 100, accepts_from="34")],
            caps=[("quota", 3, ["A"], "340000")],
        )
    )
    assert plan.placed_kg == 3_000


def test_a_quota_by_origin_limits_only_that_origin() -> None:
    built = case(
        [output("FROM-AH", 10, place=ANHUI), output("FROM-SH", 10, place=SHANGHAI)],
        [capacity("A", 100, accepts_from="34")],
        caps=[("quota", 3, ["A"], "34")],
    )
    plan = make_plan(built)
    assert plan.unmatched_kg.tolist() == [7_000, 0], "10 t from Anhui under a quota of 3 t; Shanghai is free"
