"""Quantities at the edge: exact, or refused."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circularity.units import (
    NotAQuantity,
    divide_half_up,
    format_scaled,
    format_tonnes,
    parse_scaled,
    parse_tonnes,
)

_ROOT = Path(__file__).parents[2]


@given(st.integers(0, 10**12 - 1))
def test_tonnes_survive_writing_and_reading(mass_kg: int) -> None:
    assert parse_tonnes(format_tonnes(mass_kg)) == mass_kg


@given(st.integers(-(10**18), 10**18), st.sampled_from([1, 1000, 10**6, 10**7]))
def test_scaled_numbers_survive_writing_and_reading(value: int, scale: int) -> None:
    assert parse_scaled(format_scaled(value, scale), scale) == value


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("NaN", "not_a_number"),
        ("Infinity", "not_a_number"),
        ("1,5", "not_a_number"),
        ("12t", "not_a_number"),
        ("", "not_a_number"),
        ("0.0005", "too_precise"),
        ("1.0000000000000000000000000000001", "too_precise"),
        ("1E-1000000", "too_precise"),
        ("1E+1000000", "out_of_range"),
        ("-1", "out_of_range"),
        ("1000000000", "out_of_range"),
    ],
)
def test_what_is_no_exact_mass_in_tonnes_is_refused_with_its_rule(text: str, rule: str) -> None:
    with pytest.raises(NotAQuantity) as refused:
        parse_tonnes(text)
    assert refused.value.rule == rule


@pytest.mark.parametrize(("numerator", "expected"), [(5, 3), (4, 2), (-5, -3), (-4, -2), (0, 0)])
def test_halves_round_away_from_zero_alike_for_one_number_and_for_arrays(
    numerator: int, expected: int
) -> None:
    assert divide_half_up(numerator, 2) == expected
    assert divide_half_up(np.array([numerator]), 2).tolist() == [expected]


def test_no_sentence_tells_a_mass_in_kilograms() -> None:
    """People type and read tonnes; kilograms are for facts that programs read."""
    spoken = [
        f"{path.relative_to(_ROOT)}:{line} {text}"
        for room in ("circularity", "matching", "seed", "web")
        for path in sorted((_ROOT / room).rglob("*.py"))
        for line, text in _after_figures(path)
        if re.match(r"\s*(kg|公斤|千克)(?![A-Za-z/])", text)
    ]
    assert spoken == []


def _after_figures(path: Path) -> Iterator[tuple[int, str]]:
    """Yield what follows each figure that is written into a text, and its line."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        parts = node.values if isinstance(node, ast.JoinedStr) else []
        for before, after in pairwise(parts):
            if isinstance(before, ast.FormattedValue) and isinstance(after, ast.Constant):
                yield after.lineno, str(after.value)
