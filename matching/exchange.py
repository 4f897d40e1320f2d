"""What it costs to move one kilogram from one limit to another: the residual network without its outputs.

A residual path alternates between limits and outputs, and an output is only passed through. Keeping the
cheapest way through for each pair of limits leaves a network of hundreds of nodes instead of tens of
thousands, and shortest paths from many limits at once are a few operations on small matrices. Pairs come in
blocks, so that millions of them are seen and never held together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from circularity.units import IntArray
from matching.cap_tree import CapTree
from matching.network import UNREACHED
from matching.problem import TIE_LEVEL, Coefficients, Problem

CELLS = 4_000_000
"""At most so many (source, arc) pairs are relaxed together, to bound memory."""

WAYS = 4_000_000
"""At most so many ways through outputs are looked at together."""

NO_WAY = np.int64(2**63 - 1)

BoolArray = npt.NDArray[np.bool_]

Block = tuple[Problem, IntArray]
"""Pairs as a problem, all pairs of an output in one block, and the mass in kg on each of them."""


@dataclass(frozen=True)
class Exchange:
    """Residual arcs between limits, sorted by head; `costs` has shape (levels before the tie, arcs).

    Nodes are those of the cap tree, then the root. `through` marks arcs that lead through an output; the
    others run along the tree.
    """

    tail: IntArray
    head: IntArray
    costs: IntArray
    through: BoolArray
    parent: IntArray

    @cached_property
    def part(self) -> IntArray:
        """Label each node's connected part, the root apart from all.

        A shortest path never needs the root twice, so it stays within a part and the root. A limit belongs to
        its parent's part.
        """
        root = len(self.parent)
        inner = (self.tail != root) & (self.head != root)
        child = np.flatnonzero(self.parent >= 0)
        tails = np.concatenate([self.tail[inner], child])
        heads = np.concatenate([self.head[inner], self.parent[child]])
        graph = coo_array((np.ones(len(tails), dtype=np.int8), (tails, heads)), shape=(root + 1, root + 1))
        return connected_components(graph, directed=False)[1].astype(np.int64)

    def distances(self, sources: IntArray) -> IntArray:
        """Return the lexicographically shortest distances, shape (sources, levels, nodes)."""
        found = np.full((len(sources), len(self.costs), len(self.part)), UNREACHED)
        root = self.part[-1]
        for part in np.unique(self.part[sources]):
            inside = np.isin(self.part, (part, root))
            arcs = np.flatnonzero(inside[self.tail] & inside[self.head])
            rows = np.flatnonzero(self.part[sources] == part)
            size = max(1, CELLS // max(1, len(arcs)))
            for chunk in (rows[k : k + size] for k in range(0, len(rows), size)):
                found[chunk] = self._within(arcs, sources[chunk])
        return found

    def to_the_root(self) -> IntArray:
        """Return every node's lexicographically shortest distance to the root, shape (levels, nodes)."""
        order = np.lexsort((self.head, self.tail))
        turned = replace(
            self,
            tail=self.head[order],
            head=self.tail[order],
            costs=self.costs[:, order],
            through=self.through[order],
        )
        everything, root = np.arange(len(order)), np.array([len(self.parent)])
        distances: IntArray = turned._within(everything, root)[0]
        return distances

    def _within(self, arcs: IntArray, sources: IntArray) -> IntArray:
        """Return the distances over some arcs: level by level, over the arcs tight on the levels before."""
        tail, head = self.tail[arcs], self.head[arcs]
        first = np.flatnonzero(np.diff(head, prepend=-1))
        start = np.full((len(sources), len(self.part)), UNREACHED)
        start[np.arange(len(sources)), sources] = 0
        open_arcs = np.ones((len(sources), len(arcs)), dtype=bool)
        levels = []
        for first_level, radix in self._packs:
            costs = self.costs[first_level : first_level + len(radix.reach), arcs]
            cost = np.array(radix.weights, dtype=np.int64) @ costs
            distance, rounds = start.copy(), 0
            while arcs.size:
                if (rounds := rounds + 1) > len(self.parent) + 2:
                    raise ArithmeticError("negative residual cycle: the flow is not optimal")
                at_tail = distance[:, tail]
                reached = np.where(open_arcs & (at_tail < UNREACHED), at_tail + cost, UNREACHED)
                nearer = np.minimum(np.minimum.reduceat(reached, first, axis=1), distance[:, head[first]])
                if np.array_equal(nearer, distance[:, head[first]]):
                    break
                distance[:, head[first]] = nearer
            open_arcs &= (distance[:, tail] < UNREACHED) & (distance[:, tail] + cost == distance[:, head])
            vectors = radix.vectors(distance)
            vectors[:, distance >= UNREACHED] = UNREACHED
            levels += list(vectors)
        return np.stack(levels, axis=1)

    @cached_property
    def _packs(self) -> tuple[tuple[int, Radix], ...]:
        """Group the levels, each group with its first, so that the sums of any path fit one integer."""
        packs: list[tuple[int, tuple[int, ...]]] = []
        for level, cost in enumerate(self.costs):
            reach = (len(self.parent) + 2) * _largest(cost)
            if packs and Radix((*packs[-1][1], reach)).fits:
                packs[-1] = (packs[-1][0], (*packs[-1][1], reach))
            else:
                packs.append((level, (reach,)))
        return tuple((level, Radix(reach)) for level, reach in packs)


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
    order = np.lexsort((tails, heads))
    through = np.concatenate([np.ones(len(tail), bool), np.zeros(len(direct_tail), bool)])
    return Exchange(tails[order], heads[order], costs[:, order], through[order], tree.parent)


@dataclass(frozen=True)
class Radix:
    """A vector of levels as one integer whose order is the lexicographic one, for sums of two pairs' vectors.

    `reach` bounds the magnitude of each level's digit. Raises OverflowError where 63 bits do not suffice.
    """

    reach: tuple[int, ...]

    @classmethod
    def of(cls, largest: Iterable[int]) -> Radix:
        """Return the radix for pairs whose coefficients have at most these magnitudes."""
        radix = cls(tuple(2 * value for value in largest))
        if not radix.fits:
            raise OverflowError("the levels of a pair do not fit one integer")
        return radix

    @property
    def fits(self) -> bool:
        """Whether 62 bits suffice."""
        return self.weights[0] * (2 * self.reach[0] + 1) < 2**62

    @cached_property
    def weights(self) -> tuple[int, ...]:
        """The weight of each level's digit."""
        weight, weights = 1, []
        for reach in reversed(self.reach):
            weights.append(weight)
            weight *= 2 * reach + 1
        return tuple(reversed(weights))

    def key(self, problem: Problem) -> IntArray:
        """Return each pair's levels before the tie as one integer."""
        key = np.zeros(len(problem.arc_output), dtype=np.int64)
        for weight, coefficients in zip(self.weights, problem.coefficients, strict=True):
            key += weight * coefficients.astype(np.int64)
        return key

    def vectors(self, key: IntArray) -> IntArray:
        """Return the levels of keys, shape (levels before the tie, keys)."""
        vectors = np.empty((len(self.reach), *key.shape), dtype=np.int64)
        rest = key
        for level in reversed(range(len(self.reach))):
            base, reach = 2 * self.reach[level] + 1, self.reach[level]
            vectors[level] = (rest + reach) % base - reach
            rest = (rest - vectors[level]) // base
        return vectors


def radix_of(problem: Problem) -> Radix:
    """Return the radix for a problem's own pairs."""
    return Radix.of(_largest(c) for c in problem.coefficients)


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
        key, waiting = radix.key(problem), problem.supply_kg.copy()
        np.subtract.at(waiting, problem.arc_output, mass_kg)
        here = np.unique(problem.arc_output)
        used, left = np.flatnonzero(mass_kg), here[waiting[here] > 0]
        placed = np.unique(problem.arc_output[used])
        room = np.flatnonzero(mass_kg < problem.arc_limit_kg)
        zero = np.zeros(max(len(left), len(placed)), dtype=np.int64)
        # leaving an output's place, or staying unmatched, is an arc like any other
        out_of = np.concatenate([problem.arc_output[room], placed])
        order = np.argsort(out_of, kind="stable")
        to = np.concatenate([problem.arc_entry[room], np.full(len(placed), root)])[order]
        to_key = np.concatenate([key[room], zero[: len(placed)]])[order]
        first = np.searchsorted(out_of[order], np.arange(n_outputs + 1))
        output = np.concatenate([problem.arc_output[used], left])
        origin = np.concatenate([problem.arc_entry[used], np.full(len(left), root)])
        from_key = np.concatenate([key[used], zero[: len(left)]])
        self._widen(np.concatenate([origin, to]))
        for rows, onward in _fans(first, output):
            ways = self._place[origin[rows]] * len(self._node) + self._place[to[onward]]
            np.minimum.at(self._key.reshape(-1), ways, to_key[onward] - from_key[rows])

    def cheapest(self) -> tuple[IntArray, IntArray, IntArray]:
        """Return tail, head and key of every way, none from a limit to itself."""
        np.fill_diagonal(self._key, NO_WAY)
        tail, head = np.nonzero(self._key < NO_WAY)
        return self._node[tail], self._node[head], self._key[tail, head]

    def _widen(self, nodes: IntArray) -> None:
        new = np.unique(nodes[self._place[nodes] < 0])
        if new.size:
            size = len(self._node)
            self._place[new] = np.arange(size, size + len(new))
            self._node = np.concatenate([self._node, new])
            key = np.full((len(self._node), len(self._node)), NO_WAY)
            key[:size, :size] = self._key
            self._key = key


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


def _largest(coefficients: Coefficients) -> int:
    return max(abs(int(coefficients.min())), abs(int(coefficients.max()))) if coefficients.size else 0
