"""Lexicographically shortest paths in an exchange network, from many limits at once.

Under the potentials of an optimal plan no arc has a negative reduced cost, so a path longer than the longest
found to the targets of its search leads nowhere, and most arcs are never looked at.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from circularity.units import IntArray
from matching.flow.exchange import Exchange
from matching.flow.network import UNREACHED
from matching.flow.radix import packed

BoolArray = npt.NDArray[np.bool_]

STATES = 4_000_000
"""So many distances are held at once: nodes times sources."""

TAKEN, AT_ONCE = 2, 16
"""A round takes half of a search's open states, or all of so few: the fewer, the less is done twice."""


class Paths:
    """The arcs of an exchange network by the node they leave, with reduced costs packed into few integers.

    `potentials` has shape (levels, nodes), the root last. `backwards` turns every arc round, so that paths
    lead to their source. Raises ArithmeticError where a reduced cost is negative: the plan is not optimal.
    """

    def __init__(self, exchange: Exchange, potentials: IntArray, *, backwards: bool = False) -> None:
        tail, head = exchange.tail, exchange.head
        reduced = exchange.costs + potentials[:, tail] - potentials[:, head]
        self._n_nodes = n_nodes = len(exchange.parent) + 1
        radixes = packed(reduced, n_nodes)
        self._radixes, self._potentials, self._sign = radixes, potentials, -1 if backwards else 1
        if backwards:
            tail, head = head, tail
        ends = np.cumsum([len(radix.reach) for radix in radixes])[:-1]
        parts = zip(radixes, np.split(reduced, ends), strict=True)
        cost = np.stack([radix.key(list(levels)) for radix, levels in parts])
        by_ends = np.lexsort((*cost[::-1], head, tail))
        again = (np.diff(tail[by_ends], prepend=-1) == 0) & (np.diff(head[by_ends], prepend=-1) == 0)
        cheapest = by_ends[~again]
        # the arcs of a node stand cheapest first, so that a search can leave the dear ones alone
        order = cheapest[np.lexsort((*cost[::-1, cheapest], tail[cheapest]))]
        self._cost, self._head = cost[:, order], head[order]
        self._first = np.searchsorted(tail[order], np.arange(n_nodes + 1))
        first = np.argmax(self._cost != 0, axis=0)
        if np.any(self._cost[first, np.arange(len(order))] < 0):
            raise ArithmeticError("negative reduced cost: the flow is not optimal")

    def distances(self, sources: IntArray, targets: IntArray) -> IntArray:
        """Return the distance from each source to its target, shape (levels, targets); UNREACHED: no path.

        Targets of one source stand together.
        """
        found = np.empty((len(self._cost), len(targets)), dtype=np.int64)
        starts = distinct_places(sources)
        together = max(1, STATES // self._n_nodes)
        for first in range(0, len(starts), together):
            rows = slice(starts[first], [*starts, len(sources)][min(first + together, len(starts))])
            found[:, rows] = self._settled(sources[rows], targets[rows])
        parts = zip(self._radixes, found, strict=True)
        distances = np.concatenate([radix.vectors(keys) for radix, keys in parts])
        distances += self._sign * (self._potentials[:, targets] - self._potentials[:, sources])
        distances[:, found[0] >= UNREACHED] = UNREACHED
        return distances

    def _settled(self, sources: IntArray, targets: IntArray) -> IntArray:
        """Return the packed sums of reduced costs, shape (groups of levels, targets).

        A state is a node as seen from one source. Each round takes, for all sources at once, the open states
        nearest to their source and relaxes their arcs; a state that improves later is opened again.
        """
        starts = distinct_places(sources)
        search = np.cumsum(np.diff(sources, prepend=-1) != 0) - 1
        wanted = search * self._n_nodes + targets
        distance = np.full((len(self._cost), len(starts) * self._n_nodes), UNREACHED)
        waiting = np.arange(len(starts)) * self._n_nodes + sources[starts]
        distance[:, waiting] = 0
        is_open = np.zeros(distance.shape[1], dtype=bool)
        while waiting.size:
            # no path to a target is longer than the longest found so far
            farthest = wanted[np.lexsort((*distance[::-1, wanted], search))][np.append(starts[1:], 0) - 1]
            limit = distance[:, farthest][:, waiting // self._n_nodes]
            waiting = waiting[~_less(limit, distance[:, waiting])]
            waiting = waiting[np.lexsort((*distance[::-1, waiting], waiting // self._n_nodes))]
            near = _first_of_each(waiting // self._n_nodes)
            taken, waiting = waiting[near], waiting[~near]
            is_open[taken] = False
            improved = self._relax(distance, taken, distance[:, farthest])
            waiting = np.concatenate([waiting, improved[~is_open[improved]]])
            is_open[improved] = True
        return distance[:, wanted]

    def _relax(self, distance: IntArray, states: IntArray, limit: IntArray) -> IntArray:
        """Bring states' distances forward along their arcs; return the states that came nearer."""
        left = limit[:, states // self._n_nodes] - distance[:, states]
        arcs, origin = self._within(states % self._n_nodes, left)
        state = states[origin]
        reached = distance[:, state] + self._cost[:, arcs]
        heads = state - state % self._n_nodes + self._head[arcs]
        nearer = _less(reached, distance[:, heads])
        heads, reached = heads[nearer], reached[:, nearer]
        order = np.lexsort((*reached[::-1], heads))
        best = order[distinct_places(heads[order])]
        improved: IntArray = heads[best]
        distance[:, improved] = reached[:, best]
        return improved

    def _within(self, nodes: IntArray, reach: IntArray) -> tuple[IntArray, IntArray]:
        """Return the arcs that leave nodes and cost at most `reach`, and which node each leaves."""
        first, high = self._first[nodes], self._first[nodes + 1]
        low = first
        while (searching := low < high).any():
            middle = (low + high) // 2
            dear = _less(reach, self._cost[:, np.minimum(middle, len(self._head) - 1)])
            low = np.where(searching & ~dear, middle + 1, low)
            high = np.where(searching & dear, middle, high)
        counts = low - first
        origin = np.repeat(np.arange(len(nodes)), counts)
        arcs: IntArray = np.arange(len(origin)) - (np.cumsum(counts) - counts - first)[origin]
        return arcs, origin


def _first_of_each(search: IntArray) -> BoolArray:
    """Say which of the open states, nearest first within their search, are in its first part."""
    starts = distinct_places(search)
    counts = np.diff(np.append(starts, len(search)))
    place = np.arange(len(search)) - np.repeat(starts, counts)
    first: BoolArray = place < np.repeat(np.maximum(counts // TAKEN, AT_ONCE), counts)
    return first


def distinct_places(values: IntArray) -> IntArray:
    """Return where each run of equal values begins."""
    begins = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=begins[1:])
    places: IntArray = np.flatnonzero(begins)
    return places


def _less(left: IntArray, right: IntArray) -> BoolArray:
    """Say which columns are lexicographically less."""
    less: BoolArray = left[-1] < right[-1]
    for one, other in zip(left[-2::-1], right[-2::-1], strict=True):
        less = (one < other) | ((one == other) & less)
    return less
