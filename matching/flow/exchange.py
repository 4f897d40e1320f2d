"""What it costs to move one kilogram from one limit to another: the residual network without its outputs.

A residual path alternates between limits and outputs, and an output is only passed through. Keeping the
cheapest way through for each pair of limits leaves a network of hundreds of nodes instead of tens of
thousands. Pairs come in blocks, so that millions of them are seen and never held together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from circularity.units import IntArray
from matching.flow.cap_tree import CapTree
from matching.flow.problem import TIE_LEVEL, Problem
from matching.flow.radix import Radix, largest

WAYS = 4_000_000
"""At most so many ways through outputs are looked at together."""

NO_WAY = np.int64(2**63 - 1)

Block = tuple[Problem, IntArray]
"""Pairs as a problem, all pairs of an output in one block, and the mass in kg on each of them."""


@dataclass(frozen=True)
class Exchange:
    """Residual arcs between limits; `costs` has shape (levels before the tie, arcs).

    Nodes are those of the cap tree, then the root.
    """

    tail: IntArray
    head: IntArray
    costs: IntArray
    parent: IntArray


def exchange_of(blocks: Iterable[Block], tree: CapTree, load_kg: IntArray, radix: Radix) -> Exchange:
    """Return the exchange network of a plan; `load_kg` is what flows through each node of the tree.

    `radix` is that of the whole plan's pairs.
    """
    root = len(tree.parent)
    ways = _Ways(root + 1)
    for problem, mass_kg in blocks:
        ways.add(problem, mass_kg, radix)
    tail, head, key = ways.cheapest()
    direct_tail, direct_head = _along_the_tree(tree, load_kg)
    tails, heads = np.concatenate([tail, direct_tail]), np.concatenate([head, direct_head])
    costs = np.concatenate([radix.vectors(key), np.zeros((TIE_LEVEL, len(direct_tail)), np.int64)], axis=1)
    return Exchange(tails, heads, costs, tree.parent)


def radix_of(problem: Problem) -> Radix:
    """Return the radix for a problem's own pairs."""
    return Radix.of(largest(c) for c in problem.coefficients)


class _Ways:
    """The cheapest way from every limit to every other through some output, as keys."""

    def __init__(self, nodes: int) -> None:
        self._nodes = nodes
        self._place = np.full(nodes, -1, dtype=np.int64)
        self._node = np.empty(0, dtype=np.int64)
        self._key = np.empty((0, 0), dtype=np.int64)

    def add(self, problem: Problem, mass_kg: IntArray, radix: Radix) -> None:
        """Take in a block of pairs."""
        n_outputs, root = len(problem.supply_kg), self._nodes - 1
        key, waiting = radix.key(problem.coefficients), problem.supply_kg.copy()
        np.subtract.at(waiting, problem.arc_output, mass_kg)
        used, room = np.flatnonzero(mass_kg), np.flatnonzero(mass_kg < problem.arc_limit_kg)
        left = distinct(problem.arc_output)
        left = left[waiting[left] > 0]
        origin, onwards = problem.arc_entry[used], problem.arc_entry[room]
        self._widen(np.concatenate([origin, onwards, [root]]))
        # what is placed can leave its place to stay unmatched, what waits comes from there
        np.minimum.at(self._key, (self._place[origin], self._place[root]), -key[used])
        places = np.concatenate([self._place[origin], np.full(len(left), self._place[root])])
        from_key = np.concatenate([key[used], np.zeros(len(left), dtype=np.int64)])
        first = np.searchsorted(problem.arc_output[room], np.arange(n_outputs + 1))
        to, to_key = self._place[onwards], key[room]
        for rows, onward in _fans(first, np.concatenate([problem.arc_output[used], left])):
            ways = places[rows] * len(self._node) + to[onward]
            np.minimum.at(self._key.reshape(-1), ways, to_key[onward] - from_key[rows])

    def cheapest(self) -> tuple[IntArray, IntArray, IntArray]:
        """Return tail, head and key of every way, none from a limit to itself."""
        np.fill_diagonal(self._key, NO_WAY)
        tail, head = np.nonzero(self._key < NO_WAY)
        return self._node[tail], self._node[head], self._key[tail, head]

    def _widen(self, nodes: IntArray) -> None:
        unknown = np.zeros(self._nodes, dtype=bool)
        unknown[nodes] = True
        new = np.flatnonzero(unknown & (self._place < 0))
        if new.size:
            size = len(self._node)
            self._place[new] = np.arange(size, size + len(new))
            self._node = np.concatenate([self._node, new])
            key = np.full((len(self._node), len(self._node)), NO_WAY)
            key[:size, :size] = self._key
            self._key = key


def distinct(rows: IntArray) -> IntArray:
    """Return the different values of a sorted column."""
    return rows[np.diff(rows, prepend=-1) > 0]


def _fans(first: IntArray, output: IntArray) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield every (row, arc) where the arc leaves the row's output, in chunks of about WAYS."""
    counts = first[output + 1] - first[output]
    ends = np.cumsum(counts)
    start = 0
    while start < len(output):
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + WAYS, side="right")))
        width = counts[start:stop]
        offsets = np.repeat(first[output[start:stop]] - (np.cumsum(width) - width), width)
        yield np.repeat(np.arange(start, stop), width), np.arange(len(offsets)) + offsets
        start = stop


def _along_the_tree(tree: CapTree, load_kg: IntArray) -> tuple[IntArray, IntArray]:
    """Return the residual arcs to the limits above where there is room, and back where there is mass."""
    root, nodes = len(tree.parent), np.arange(len(tree.parent))
    above = np.where(tree.parent < 0, root, tree.parent)
    up, down = load_kg < tree.limit_kg, load_kg > 0
    return np.concatenate([nodes[up], above[down]]), np.concatenate([above[up], nodes[down]])
