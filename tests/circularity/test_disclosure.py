"""A published sum stands for at least three contributors, and none of them is more than 85 % of it."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from posted_mass import works_of
from registry import ANHUI, JIANGSU, SHANGHAI, Registry

from circularity.disclosure import OTHER, Cell, may_be_told, suppressed
from circularity.rates.periods import Period
from circularity.rates.told import told

KEYS = st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.sampled_from("12"))
SHARES = st.dictionaries(st.integers(1, 8), st.integers(0, 10_000), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("masses", "told_alone"),
    [
        ((1, 1), False),
        ((1, 1, 1), True),
        ((850, 100, 50), True),
        ((851, 100, 49), False),
        ((0, 0, 0), True),
        ((5, 0, 0), False),
        ((-900, 50, 50), False),
    ],
)
def test_a_sum_is_told_by_how_many_are_in_it_and_how_much_is_one_partys(
    masses: tuple[int, ...], told_alone: bool
) -> None:
    assert may_be_told(dict(enumerate(masses))) is told_alone


def test_a_cell_that_is_nearly_one_partys_joins_the_next_group() -> None:
    cells = {
        ("31", "slag", "C2"): Cell(1_000, {1: 900, 2: 50, 3: 50}),
        ("31", "ash", "C2"): Cell(900, {4: 300, 5: 300, 6: 300}),
        ("31", "acid", "R6"): Cell(700, {7: 350, 8: 350}),
    }
    kept = {key: cell.mass_kg for key, cell in suppressed(cells).items()}
    assert kept == {("31", "ash", "C2"): 900, ("31", OTHER, OTHER): 1_700}


def cell(mass_kg: int, *organisations: int) -> Cell:
    """A mass of several senders with equal parts in it."""
    return Cell(mass_kg, dict.fromkeys(organisations, mass_kg))


def published(cells: dict[tuple[str, str, str], Cell]) -> dict[tuple[str, str, str], int]:
    return {key: found.mass_kg for key, found in suppressed(cells).items()}


def test_a_flow_of_three_senders_is_published() -> None:
    assert published({("31", "slag", "C2"): cell(9, 1, 2, 3)}) == {("31", "slag", "C2"): 9}


def test_small_flows_are_added_up_within_their_province() -> None:
    cells = {("31", "slag", "C2"): cell(5, 1, 2), ("31", "acid", "R6"): cell(7, 3)}
    assert published(cells) == {("31", OTHER, OTHER): 5 + 7}


def test_what_is_still_small_is_added_up_over_all_provinces() -> None:
    cells = {("31", "slag", "C2"): cell(5, 1, 2), ("32", "acid", "R6"): cell(7, 3)}
    assert published(cells) == {(OTHER, OTHER, OTHER): 5 + 7}


def test_one_senders_two_flows_are_not_two_senders() -> None:
    cells = {("31", "slag", "C2"): cell(5, 1), ("31", "acid", "R6"): cell(7, 1)}
    assert published(cells) == {}


def test_the_smallest_published_flow_hides_a_rest_that_is_too_small() -> None:
    cells = {
        ("31", "slag", "C2"): cell(50, 1, 2, 3),
        ("32", "ash", "C2"): cell(40, 4, 5, 6),
        ("33", "acid", "R6"): cell(7, 9),
    }
    assert published(cells) == {("31", "slag", "C2"): 50, (OTHER, OTHER, OTHER): 40 + 7}


def test_too_few_to_hide_among_are_not_published_at_all() -> None:
    assert published({("31", "slag", "C2"): cell(5, 1, 2)}) == {}


@given(st.dictionaries(KEYS, SHARES, min_size=1))
def test_whatever_is_published_stands_for_enough_and_so_does_every_difference(
    masses: dict[tuple[str, str, str], dict[int, int]],
) -> None:
    """Nothing is lost unless nothing is told; what is left between the total and any one cell is told too."""
    cells = {key: Cell(sum(shares.values()), dict(shares)) for key, shares in masses.items()}
    total = sum(cell.mass_kg for cell in cells.values())
    kept = suppressed(cells)
    assert all(may_be_told(cell.shares) for cell in kept.values())
    assert (
        not kept
        or sum(cell.mass_kg for cell in kept.values()) == total
        or not any(key == (OTHER, OTHER, OTHER) for key in kept)
    )
    for one, other in combinations(kept, 2):
        assert one != other


def works(registry: Registry, place: tuple[float, float, str], tonnes: int) -> None:
    works_of(registry, place).month(("generated", tonnes))


def test_a_province_that_is_nearly_one_works_is_not_told_alone(registry: Registry) -> None:
    for tonnes in (100, 100, 100, 100):
        works(registry, SHANGHAI, tonnes)
    for tonnes in (2_000, 10, 10):
        works(registry, ANHUI, tonnes)
    for tonnes in (90, 90, 90):
        works(registry, JIANGSU, tonnes)
    shown = told(registry.session, Period(2026), "").tables["province"]
    assert "34" not in shown
    assert shown[OTHER].generated_kg >= 2_020
    assert not told(registry.session, Period(2026), "34").scopes
