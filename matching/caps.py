"""Whether caps nest, so that the matching problem is a flow in a tree of limits.

A cap limits a set of cells (capacity, origin). Two caps may lie one inside the other or apart; two that cross
have no tree. Each capacity is itself a cap on its own cells of every origin: a cap for one origin over one
capacity lies inside it, over several capacities it crosses each of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from matching.case import Cap


class CrossingPair(NamedTuple):
    """Places in the list of caps; `second` is None where the first crosses the capacities' own limits."""

    first: int
    second: int | None


def crossing_caps(caps: Sequence[Cap]) -> list[CrossingPair]:
    """Return every crossing pair, in the order of the caps; an empty list means that all of them nest."""
    members = [frozenset(cap.members) for cap in caps]
    caps_of_capacity: dict[int, list[int]] = defaultdict(list)
    for place, cells in enumerate(members):
        for capacity in cells:
            caps_of_capacity[capacity].append(place)
    # Only caps that share a capacity can cross, so thousands of separate caps cost nothing.
    sharing = {
        (first, second)
        for places in caps_of_capacity.values()
        for number, first in enumerate(places)
        for second in places[number + 1 :]
    }
    crossing = [
        CrossingPair(first, second)
        for first, second in sharing
        if _meet(caps[first].origin_region, caps[second].origin_region)
        and not _inside(caps[first], members[first], caps[second], members[second])
        and not _inside(caps[second], members[second], caps[first], members[first])
    ]
    crossing += [
        CrossingPair(place, None)
        for place, cap in enumerate(caps)
        if cap.origin_region and len(members[place]) > 1
    ]
    return sorted(crossing, key=lambda pair: (pair.first, -1 if pair.second is None else pair.second))


def _meet(first: str, second: str) -> bool:
    return first.startswith(second) or second.startswith(first)


def _inside(inner: Cap, inner_members: frozenset[int], outer: Cap, outer_members: frozenset[int]) -> bool:
    return inner.origin_region.startswith(outer.origin_region) and inner_members <= outer_members
