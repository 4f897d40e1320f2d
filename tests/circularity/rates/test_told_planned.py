"""Planned rates are told where none of them, and no difference of two, stands for too few or nearly one."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from circularity.disclosure import may_be_told
from circularity.rates.told_planned import FIGURES, RATE, Part, grouped, told_figures

REGIONS = ("", "31", "32", "34")


def part(
    organisation: int, generated: int, utilised: int, *, region: str = "310100", bulk: bool = False
) -> Part:
    figures = dict.fromkeys(FIGURES, 0)
    figures |= {"generated_kg": generated, "utilised_kg": utilised, "utilised_today_kg": utilised}
    return Part(organisation, region, bulk, figures)


def told(parts: list[Part], region: str = "", *, bulk: bool = False) -> bool:
    within = [row for row in parts if row.region.startswith(region) and (not bulk or row.is_bulk)]
    return RATE in told_figures(grouped(parts), within, region, bulk=bulk)


def test_a_rate_of_three_is_told_and_one_that_is_nearly_one_generators_is_not() -> None:
    assert told([part(number, 100, 60) for number in (1, 2, 3)])
    assert not told([part(1, 1_000, 600), part(2, 10, 6), part(3, 10, 6)])


def test_a_rate_whose_rest_is_one_generators_is_not_told() -> None:
    """The others utilise everything, so generated less utilised is the one's."""
    assert not told([part(1, 100, 100), part(2, 100, 100), part(3, 100, 100), part(4, 100, 40)])


def test_bulk_is_not_told_where_what_is_not_bulk_stands_for_too_few() -> None:
    bulk = [part(number, 100, 60, bulk=True) for number in (1, 2, 3)]
    few, enough = [part(4, 50, 20)], [part(number, 50, 20) for number in (4, 5, 6)]
    assert told([*bulk, *enough], bulk=True)
    assert told([*bulk, *few])
    assert not told([*bulk, *few], bulk=True)


def test_a_province_is_not_told_where_the_others_would_be_the_difference() -> None:
    shanghai = [part(number, 100, 60) for number in (1, 2, 3)]
    anhui = [part(4, 50, 20, region="340200")]
    assert told([*shanghai, *anhui])
    assert not told([*shanghai, *anhui], "31")


PARTS = st.lists(
    st.builds(
        lambda who, generated, share, region, bulk: part(
            who, generated, generated * share // 10, region=f"{region}0100", bulk=bulk
        ),
        st.integers(1, 9), st.integers(1, 1_000), st.integers(0, 10),
        st.sampled_from(REGIONS[1:]), st.booleans(),
    ),
    min_size=3,
    max_size=40,
)  # fmt: skip


def rows(parts: list[Part]) -> Iterable[list[Part]]:
    """Every rate that is told, as the wastes that it sums."""
    for region in REGIONS:
        for bulk in (False, True):
            if told(parts, region, bulk=bulk):
                yield [row for row in parts if row.region.startswith(region) and (not bulk or row.is_bulk)]


@given(PARTS)
def test_every_rate_that_is_told_and_every_difference_of_two_stands_for_enough(parts: list[Part]) -> None:
    known = list(rows(parts))
    for one in known:
        for other in ([], *known):
            left = [row for row in one if not any(row is each for each in other)]
            if len(left) + len(other) != len(one):
                continue  # the other is no part of it
            for mass in (lambda row: row.figures["utilised_kg"], _unused):
                shares: dict[int, int] = {}
                for row in left:
                    if mass(row):
                        shares[row.organisation] = shares.get(row.organisation, 0) + mass(row)
                assert not shares or may_be_told(shares)


def _unused(row: Part) -> int:
    return row.figures["generated_kg"] - row.figures["utilised_kg"]
