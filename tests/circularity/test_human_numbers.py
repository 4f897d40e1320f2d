"""Numbers that people read out to each other."""

from __future__ import annotations

import re
from datetime import date

from circularity.human_numbers import new_number


def test_a_number_tells_its_kind_and_day_and_nothing_that_looks_alike() -> None:
    number = new_number("XY", date(2026, 9, 1))
    assert re.fullmatch(r"XY-20260901-[2-9A-HJ-NP-Z]{9}", number)


def test_the_numbers_of_a_busy_day_all_differ() -> None:
    assert len({new_number("ZY", date(2026, 9, 1)) for _ in range(20_000)}) == 20_000
