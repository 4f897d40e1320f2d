"""Limits nest or are set aside; quotas by origin sit below their capacity."""

from __future__ import annotations

from builders import ANHUI, SHANGHAI, capacity, case, output
from hypothesis import given
from hypothesis import strategies as st

from matching.flow.cap_tree import build_cap_tree
from matching.plans.plan import make_plan


def test_caps_nest_by_their_members() -> None:
    built = case([output("O")], [capacity("A"), capacity("B"), capacity("C")],
                 caps=[("line", 5, ["A", "B"], ""), ("plant", 7, ["A", "B", "C"], "")])  # fmt: skip
    tree = build_cap_tree(built)
    assert tree.parent.tolist() == [3, 3, 4, 4, -1], "A and B under the line, C and the line under the plant"
    assert tree.limit_kg.tolist() == [100_000, 100_000, 100_000, 5_000, 7_000]


def test_of_two_caps_that_cross_the_later_is_set_aside() -> None:
    built = case([output("O")], [capacity("A"), capacity("B"), capacity("C")],
                 caps=[("one", 5, ["A", "B"], ""), ("two", 7, ["B", "C"], "")])  # fmt: skip
    tree = build_cap_tree(built)
    assert (tree.crossing, tree.parent.tolist()) == ((4,), [3, 3, -1, -1, -1])


def test_a_quota_by_origin_over_two_capacities_crosses_each_of_them() -> None:
    built = case([output("O")], [capacity("A"), capacity("B")], caps=[("quota", 5, ["A", "B"], "34")])
    tree = build_cap_tree(built)
    assert (tree.crossing, tree.parent.tolist(), tree.origin_entries) == ((2,), [-1, -1, -1], ())


def test_a_cap_set_aside_leaves_the_tree_to_those_after_it() -> None:
    built = case(
        [output("O")], [capacity("A"), capacity("B"), capacity("C")],
        caps=[("1", 5, ["A", "B"], ""), ("2", 5, ["B", "C"], ""), ("3", 9, ["A", "B", "C"], "")],
    )  # fmt: skip
    tree = build_cap_tree(built)
    assert (tree.crossing, tree.parent.tolist()) == ((4,), [3, 3, 5, 5, -1, -1])


@given(
    st.lists(
        st.tuples(st.frozensets(st.integers(0, 3), min_size=1), st.sampled_from(["", "31", "3101", "34"])),
        max_size=5,
    )
)
def test_caps_kept_in_the_tree_nest_cell_by_cell_and_each_set_aside_crosses_one_of_them(
    drawn: list[tuple[frozenset[int], str]],
) -> None:
    names = ["A", "B", "C", "D"]
    caps = [
        (f"K{k}", 1, [names[m] for m in sorted(members)], origin) for k, (members, origin) in enumerate(drawn)
    ]
    tree = build_cap_tree(case([output("O")], [capacity(name) for name in names], caps=caps))
    origins = ("310100", "310200", "340100", "990000")

    def cells(node: int) -> set[tuple[int, str]]:
        members, origin = (frozenset((node,)), "") if node < 4 else drawn[node - 4]
        return {(m, o) for m in members for o in origins if o.startswith(origin)}

    def cross(one: int, other: int) -> bool:
        a, b = cells(one), cells(other)
        return bool(a & b) and not a <= b and not b <= a

    kept = [node for node in range(4 + len(drawn)) if node not in tree.crossing]
    assert not any(cross(a, b) for a in kept for b in kept)
    assert all(any(cross(node, other) for other in kept) for node in tree.crossing)


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
