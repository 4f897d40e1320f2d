"""Limits per calendar year as caps over windows."""

from __future__ import annotations

import pytest
from builders import capacity, case, output

from matching.flow.cap_tree import build_cap_tree
from matching.pairs.annual_caps import OPEN_YEARS, PricedCap, Share, annual_caps


def share(
    capacity_row: int | None,
    years: tuple[int, int] = (2026, 2026),
    taken_kg: int = 0,
    offered_kg: int = 100,
    subjects: tuple[str, str, str] = ("L", "E", "F"),
    limits_kg: tuple[int | None, int | None, int | None] = (None, None, None),
) -> Share:
    return Share(capacity_row, years, taken_kg, offered_kg, subjects, limits_kg)


def told(caps: list[PricedCap]) -> list[tuple[str, int, tuple[int, ...]]]:
    return [(priced.cap.cap_id, priced.cap.limit_kg, priced.cap.members) for priced in caps]


def test_two_windows_of_a_line_share_its_limit_less_what_both_have_taken() -> None:
    caps = annual_caps(
        [
            share(0, taken_kg=20, limits_kg=(150, None, None)),
            share(1, taken_kg=10, limits_kg=(150, None, None)),
        ]
    )
    assert told(caps) == [("line:L:2026", 150 - 20 - 10, (0, 1))]


def test_a_limit_that_cannot_bind_is_no_cap() -> None:
    assert annual_caps([share(0, limits_kg=(100, None, None))]) == []


def test_a_withdrawn_window_still_counts_with_what_it_took() -> None:
    caps = annual_caps(
        [share(0, limits_kg=(150, None, None)), share(None, taken_kg=60, limits_kg=(150, None, None))]
    )
    assert told(caps) == [("line:L:2026", 90, (0,))]


def test_each_year_has_its_own_limit() -> None:
    windows = [
        share(k, (year, year), limits_kg=(150, None, None)) for k, year in enumerate((2026, 2026, 2027))
    ]
    assert told(annual_caps(windows)) == [("line:L:2026", 150, (0, 1))]


def test_a_window_over_new_year_shares_one_limit_with_both_years() -> None:
    years = ((2026, 2026), (2026, 2027), (2027, 2027))
    windows = [share(k, span, limits_kg=(150, None, None)) for k, span in enumerate(years)]
    assert told(annual_caps(windows)) == [("line:L:2026-2027", 150, (0, 1, 2))]


def test_a_window_without_an_end_joins_every_year() -> None:
    windows = [share(0, OPEN_YEARS, limits_kg=(150, None, None)), share(1, limits_kg=(150, None, None))]
    assert told(annual_caps(windows)) == [("line:L", 150, (0, 1))]


def test_more_taken_than_allowed_leaves_nothing() -> None:
    caps = annual_caps(
        [share(0, limits_kg=(50, None, None)), share(None, taken_kg=70, limits_kg=(50, None, None))]
    )
    assert told(caps) == [("line:L:2026", 0, (0,))]


def test_line_entitlement_and_facility_are_caps_in_caps() -> None:
    windows = [
        share(0, subjects=("L1", "E1", "F"), limits_kg=(90, 170, 210)),
        share(1, subjects=("L2", "E1", "F"), limits_kg=(None, 170, 210)),
        share(2, subjects=("L3", "E2", "F"), limits_kg=(None, None, 210)),
    ]
    assert told(annual_caps(windows)) == [
        ("line:L1:2026", 90, (0,)),
        ("entitlement:E1:2026", 170, (0, 1)),
        ("facility:F:2026", 210, (0, 1, 2)),
    ]


@pytest.mark.parametrize("middle", [(2026, 2027), (2027, 2028), (2026, 2028)])
def test_caps_nest_whatever_years_the_windows_span(middle: tuple[int, int]) -> None:
    spans = [(2026, 2026), middle, (2028, 2028), (2027, 2027), (2026, 2026)]
    lines = ["L1", "L2", "L1", "L2", "L2"]
    windows = [
        share(k, span, subjects=(line, "E", "F"), limits_kg=(50, 80, 120))
        for k, (span, line) in enumerate(zip(spans, lines, strict=True))
    ]
    caps = [priced.cap for priced in annual_caps(windows)]
    assert caps
    built = case([output("O")], [capacity(f"W{k}") for k in range(len(windows))])
    assert build_cap_tree(built.replace(caps=caps)).crossing == ()
