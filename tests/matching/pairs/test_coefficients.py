"""What pairs weigh on the levels before the cost, and how much at most: the checker packs them by that."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from builders import capacity, case, output

from matching.flow.radix import grouped
from matching.pairs.coefficients import coefficients_of

OPERATIONS = ("C3", "R5", "R15", "D10", "D1", "ZC")
"""From the best rank of the hierarchy to the last."""


@pytest.mark.parametrize("most", range(1, len(OPERATIONS) + 1))
def test_a_level_reaches_as_far_as_its_largest_coefficient(most: int) -> None:
    urgent = output("O1", waste_code="398-007-34", storage_since=date(2025, 9, 10))
    receivers = [capacity(f"C{k}", operation=code) for k, code in enumerate(OPERATIONS[:most])]
    found = coefficients_of(case([output("O0"), urgent], receivers))
    pairs = np.arange(2)[:, np.newaxis], np.arange(most)[np.newaxis, :]
    largest = [int(np.abs(found.at(level, *pairs)).max()) for level in range(4)]
    assert [found.reach(level) for level in range(4)] == largest
    assert largest == [1, 1, 1, (1, 1, 3, 6, 7, 8)[most - 1]]


def test_levels_packed_by_their_reach_keep_the_order_of_their_vectors() -> None:
    """A pair that utilises and ranks last is better than one that does not and ranks first."""
    found = coefficients_of(case([output("O")], [capacity(name, operation=name) for name in OPERATIONS]))
    (radix,) = grouped(found.reach(level) for level in range(4))
    utilises_and_ranks_last, ranks_first = [-1, 0, -1, found.reach(3)], [-1, 0, 0, 1]
    keys = radix.key(np.array([utilises_and_ranks_last, ranks_first]).T)
    assert keys[0] < keys[1]
    assert radix.vectors(keys).T.tolist() == [utilises_and_ranks_last, ranks_first]
