"""Caps are sets of (capacity, origin) cells; two of them nest, lie apart, or cross."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from matching.caps import CrossingPair, crossing_caps
from matching.case import Cap


def _cap(members: tuple[int, ...], origin: str = "") -> Cap:
    return Cap("K", 1, origin, members)


def test_a_cap_inside_another_and_caps_apart_do_not_cross() -> None:
    assert crossing_caps([_cap((0, 1, 2)), _cap((0, 1)), _cap((3,)), _cap((0, 1, 2))]) == []


def test_caps_that_share_a_part_cross() -> None:
    assert crossing_caps([_cap((0, 1)), _cap((1, 2))]) == [CrossingPair(0, 1)]


def test_a_cap_for_one_origin_nests_in_its_one_capacity_and_crosses_several() -> None:
    assert crossing_caps([_cap((0,), "31"), _cap((0, 1))]) == []
    assert crossing_caps([_cap((0, 1), "31")]) == [CrossingPair(0, None)]


def test_origins_nest_by_prefix_and_different_provinces_lie_apart() -> None:
    assert crossing_caps([_cap((0,), "31"), _cap((0,), "3101"), _cap((0,), "34")]) == []


@given(
    st.lists(
        st.tuples(st.frozensets(st.integers(0, 3), min_size=1), st.sampled_from(["", "31", "3101", "34"])),
        max_size=5,
    )
)
def test_crossing_agrees_with_the_cells_themselves(drawn: list[tuple[frozenset[int], str]]) -> None:
    origins = ("310100", "310200", "340100", "990000")

    def cells(members: frozenset[int], origin: str) -> set[tuple[int, str]]:
        return {(m, o) for m in members for o in origins if o.startswith(origin)}

    sets = [cells(*cap) for cap in drawn]
    expected = {
        (a, b)
        for a, b in combinations(range(len(sets)), 2)
        if sets[a] & sets[b] and not sets[a] <= sets[b] and not sets[b] <= sets[a]
    }
    found = crossing_caps([_cap(tuple(sorted(members)), origin) for members, origin in drawn])
    assert {tuple(pair) for pair in found if pair.second is not None} == expected
    against_capacities = {pair.first for pair in found if pair.second is None}
    assert against_capacities == {
        n for n, (members, origin) in enumerate(drawn) if origin and len(members) > 1
    }
