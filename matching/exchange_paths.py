"""Lexicographically shortest paths in an exchange network, from one limit at a time.

Under the potentials of an optimal plan no arc has a negative reduced cost, so the nearest limit that is not
settled yet can be settled for good (Dijkstra, 1959), and a search ends with the last of its targets.
"""

from __future__ import annotations

import numpy as np

from circularity.units import IntArray
from matching.exchange import Exchange
from matching.network import UNREACHED
from matching.radix import packed


class Paths:
    """The arcs of an exchange network by the node they leave, with reduced costs packed into few integers.

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
        by_ends = np.lexsort((*cost[::-1], head, tail))
        again = (np.diff(tail[by_ends], prepend=-1) == 0) & (np.diff(head[by_ends], prepend=-1) == 0)
        cheapest = by_ends[~again]
        # the arcs of a node stand cheapest first, so that a search can leave the dear ones alone
        order = cheapest[np.lexsort((cost[0, cheapest], tail[cheapest]))]
        self._cost, self._head = cost[:, order], head[order]
        self._first = np.searchsorted(tail[order], np.arange(n_nodes + 1))
        first = np.argmax(self._cost != 0, axis=0)
        if np.any(self._cost[first, np.arange(len(order))] < 0):
            raise ArithmeticError("negative reduced cost: the flow is not optimal")

    def distances(self, source: int, targets: IntArray) -> IntArray:
        """Return the distances from the source, shape (levels, targets); UNREACHED where no path leads."""
        found = self._settled(source, targets)
        rows = [radix.vectors(keys) for radix, keys in zip(self._radixes, found, strict=True)]
        distances = np.concatenate(rows)
        distances += self._sign * (self._potentials[:, targets] - self._potentials[:, [source]])
        distances[:, found[0] >= UNREACHED] = UNREACHED
        return distances

    def _settled(self, source: int, targets: IntArray) -> IntArray:
        """Return the packed sums of reduced costs to the targets, shape (groups of levels, targets)."""
        distance = np.full((len(self._cost), len(self._first) - 1), UNREACHED)
        distance[:, source] = 0
        waiting = {source}
        settled = np.zeros(len(self._first) - 1, dtype=bool)
        missing = set(targets.tolist())
        while missing and waiting:
            limit = distance[0, np.fromiter(missing, dtype=np.int64, count=len(missing))].max()
            node = self._nearest(distance, np.fromiter(waiting, dtype=np.int64, count=len(waiting)))
            waiting.discard(node)
            missing.discard(node)
            settled[node] = True
            arcs = self._within(node, limit - distance[0, node])
            heads = self._head[arcs]
            reached = distance[:, [node]] + self._cost[:, arcs]
            nearer = _less(reached, distance[:, heads]) & ~settled[heads]
            distance[:, heads[nearer]] = reached[:, nearer]
            waiting.update(heads[nearer].tolist())
        return distance[:, targets]

    def _within(self, node: int, reach: int) -> slice:
        """Return the arcs that leave a node and cost no more than `reach` on the first levels."""
        first, end = int(self._first[node]), int(self._first[node + 1])
        return slice(first, first + int(np.searchsorted(self._cost[0, first:end], reach, side="right")))

    @staticmethod
    def _nearest(distance: IntArray, nodes: IntArray) -> int:
        for keys in distance:
            if len(nodes) == 1:
                break
            here = keys[nodes]
            nodes = nodes[here == here.min()]
        return int(nodes[0])


def _less(left: IntArray, right: IntArray) -> IntArray:
    """Say which columns are lexicographically less."""
    first = np.argmax(left != right, axis=0)
    columns = np.arange(left.shape[1])
    less: IntArray = left[first, columns] < right[first, columns]
    return less
