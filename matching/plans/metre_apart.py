"""A plan written where distances came out a metre apart: what its files must still say, and exactly so.

The metre excuses distances, the money that follows from them and the figures in sentences. It excuses no
word, no id, no mass, no date and no procedure.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

from circularity.units import UCNY_PER_KG_PER_CNY_PER_T, IntArray, NotAQuantity, parse_scaled
from matching.case import Case
from matching.pairs.arcs import Arcs
from matching.pairs.costs import pair_costs
from matching.pairs.distances import lane_rows

_FIGURE = re.compile(r"\d[\d,.]*")
_MEASURED = frozenset({"m", "ucny_per_kg"})
"""Units of a slack that follows from a distance."""


def arcs_as_stated(case: Case, arcs: Arcs, stated_m: IntArray) -> Arcs:
    """Return the arcs with the distances (metres or MISSING) that a plan states, and the costs of these."""
    lane = lane_rows(case, arcs.output, arcs.capacity)
    costs = pair_costs(case, arcs.output, arcs.capacity, stated_m, lane)
    return replace(arcs, distance_m=stated_m, components=costs.components)


def says_the_same(name: str, written: bytes, implied: bytes, saving_tolerance_ucny: int | None) -> bool:
    """Tell whether a table says what is implied but for a metre; plan.csv states its own distances, exactly.

    `saving_tolerance_ucny` (µCNY/kg) bounds how far a price's saving may be off; None leaves savings and
    the tonnes placed per tonne out, where no price follows from this machine's distances.
    """
    if name == "plan.csv":
        return written == implied
    try:
        stated = list(csv.reader(io.StringIO(written.decode("utf-8")), strict=True))
    except (UnicodeDecodeError, csv.Error):
        return False
    expected = list(csv.reader(io.StringIO(implied.decode("utf-8"))))
    if len(stated) != len(expected) or stated[:1] != expected[:1]:
        return False
    if name == "unmatched.csv":
        return all(_same_reason(a, b) for a, b in zip(stated[1:], expected[1:], strict=True))
    rows = zip(stated[1:], expected[1:], strict=True)
    return all(_same_price(a, b, saving_tolerance_ucny) for a, b in rows)


def _same_reason(stated: list[str], expected: list[str]) -> bool:
    """Compare output, mass, reason, nearest capacity, slack, unit and the two sentences of a row."""
    if stated == expected:
        return True
    if len(stated) != len(expected) or expected[5] not in _MEASURED:
        return False
    facts_agree = [*stated[:4], stated[5]] == [*expected[:4], expected[5]]
    return facts_agree and [_FIGURE.sub("#", text) for text in (stated[4], *stated[6:])] == [
        _FIGURE.sub("#", text) for text in (expected[4], *expected[6:])
    ]


def _same_price(stated: list[str], expected: list[str], tolerance_ucny: int | None) -> bool:
    """Compare kind, id, used, limit, tonnes placed, saving and basis of a row."""
    if len(stated) != len(expected) or [*stated[:4], *stated[6:]] != [*expected[:4], *expected[6:]]:
        return False
    if tolerance_ucny is None or stated == expected:
        return True
    try:
        savings = [parse_scaled(row[5], UCNY_PER_KG_PER_CNY_PER_T) for row in (stated, expected)]
    except NotAQuantity:
        return False
    return stated[4] == expected[4] and abs(savings[0] - savings[1]) <= tolerance_ucny
