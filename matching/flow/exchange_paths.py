"""Lexicographically shortest paths in an exchange network.

Under the potentials of an optimal plan no arc has a negative reduced cost, so nodes are settled in the order
of their distance (Dijkstra), and what lies farther than the farthest target of a search is never looked at.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

import numpy as np

from circularity.units import IntArray
from matching.flow.exchange import Exchange
from matching.flow.network import UNREACHED
from matching.flow.radix import packed

DIGIT = 2**63
"""Integers that each hold some levels are the digits of one Python integer, which cannot wrap."""

FEW = 16
"""For up to so many targets of a search it pays to know how far the farthest of them is at most."""


class Paths:
    """The arcs of an exchange network by the node they leave, cheapest first, by their reduced costs.

    `potentials` has shape (levels, nodes), the root last. `backwards` turns every arc round, so that paths
    lead to their source. Raises ArithmeticError where a reduced cost is negative: the plan is not optimal.
    """

    def __init__(self, exchange: Exchange, potentials: IntArray, *, backwards: bool = False) -> None:
        tail, head = exchange.tail, exchange.head
        reduced = exchange.costs + potentials[:, tail] - potentials[:, head]
        n_nodes = len(exchange.parent) + 1
        radixes = packed(reduced, n_nodes)
        self._radixes, self._potentials, self._sign = radixes, potentials, -1 if backwards else 1
        if backwards:
            tail, head = head, tail
        ends = np.cumsum([len(radix.reach) for radix in radixes])[:-1]
        parts = zip(radixes, np.split(reduced, ends), strict=True)
        cost = np.stack([radix.key(list(levels)) for radix, levels in parts])
        order = np.lexsort((*cost[::-1], tail))
        self._cost, self._head = cost[:, order], head[order]
        self._first = np.searchsorted(tail[order], np.arange(n_nodes + 1)).tolist()
        self._arcs: dict[int, list[tuple[int, int]]] = {}
        first = np.argmax(cost != 0, axis=0)
        if np.any(cost[first, np.arange(len(order))] < 0):
            raise ArithmeticError("negative reduced cost: the flow is not optimal")

    def distances(self, sources: IntArray, targets: IntArray) -> IntArray:
        """Return the distance from each source to its target, shape (levels, targets); UNREACHED: no path.

        Targets of one source stand together.
        """
        found: list[int | None] = []
        starts = np.flatnonzero(np.diff(sources, prepend=-1))
        for source, wanted in zip(sources[starts].tolist(), np.split(targets, starts)[1:], strict=True):
            found += self._settled(source, wanted.tolist())
        reached = np.array([distance is not None for distance in found], dtype=bool)
        keys = _digits([distance or 0 for distance in found], len(self._radixes))
        parts = zip(self._radixes, keys, strict=True)
        distances = np.concatenate([radix.vectors(key) for radix, key in parts])
        distances += self._sign * (self._potentials[:, targets] - self._potentials[:, sources])
        distances[:, ~reached] = UNREACHED
        return distances

    def _settled(self, source: int, targets: list[int]) -> list[int | None]:
        """Return the least sum of reduced costs from a source to each target, None where no path leads."""
        nearest, settled = {source: 0}, dict[int, int]()
        open_nodes, waiting = [(0, source)], set(targets)
        farthest: int | None = None
        while open_nodes and waiting:
            distance, node = heapq.heappop(open_nodes)
            if node in settled:
                continue
            settled[node] = distance
            waiting.discard(node)
            for cost, head in self._leaving(node):
                reached = distance + cost
                if farthest is not None and reached >= farthest:
                    break
                known = nearest.get(head)
                if known is None or reached < known:
                    nearest[head] = reached
                    heapq.heappush(open_nodes, (reached, head))
                    if head in waiting and len(waiting) <= FEW:
                        farthest = _farthest(nearest.get(target) for target in waiting)
        return [settled.get(target) for target in targets]

    def _leaving(self, node: int) -> list[tuple[int, int]]:
        """Return cost and head of a node's arcs, made when they are first asked for."""
        if node not in self._arcs:
            rows = slice(self._first[node], self._first[node + 1])
            self._arcs[node] = list(
                zip(_numbers(self._cost[:, rows]), self._head[rows].tolist(), strict=True)
            )
        return self._arcs[node]


def _farthest(distances: Iterable[int | None]) -> int | None:
    """Return the largest distance, None while one is unknown."""
    found = list(distances)
    known = [each for each in found if each is not None]
    return max(known) if len(known) == len(found) else None


def _numbers(keys: IntArray) -> list[int]:
    """Return columns of integers as single ones in the same lexicographic order."""
    numbers: list[int] = keys[0].tolist()
    for key in keys[1:].tolist():
        numbers = [number * DIGIT + digit for number, digit in zip(numbers, key, strict=True)]
    return numbers


def _digits(numbers: list[int], width: int) -> IntArray:
    """Return the columns whose sums `_numbers` made numbers of, shape (width, numbers)."""
    digits = np.empty((width, len(numbers)), dtype=np.int64)
    for place in reversed(range(1, width)):
        digit = [(number + DIGIT // 2) % DIGIT - DIGIT // 2 for number in numbers]
        digits[place] = digit
        numbers = [(number - each) // DIGIT for number, each in zip(numbers, digit, strict=True)]
    digits[0] = numbers
    return digits
