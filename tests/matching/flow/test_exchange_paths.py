"""Shortest ways between limits, compared with plain sums over tuples of levels."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from circularity.units import IntArray
from matching.flow import exchange_paths
from matching.flow.exchange import Exchange
from matching.flow.exchange_paths import Paths
from matching.flow.network import UNREACHED
from matching.flow.radix import packed

Arc = tuple[int, int, tuple[int, ...]]

NODES = 24
LARGE = (3, 1, 2**40, 5, 2**50, 2)
"""How large the levels are: more than one integer holds, or two."""


def arcs_and_potentials(dice: Random) -> tuple[list[Arc], IntArray]:
    """Arcs of which none is negative under the potentials: a later level may fall where one before it rises.

    None of them reaches node 0.
    """
    potentials = [[dice.randint(-most, most) for _ in range(NODES)] for most in LARGE]
    arcs = []
    for _ in range(dice.choice([NODES, 4 * NODES])):
        tail, head = dice.randrange(1, NODES), dice.randrange(1, NODES)
        first = dice.randrange(len(LARGE) + 1)
        reduced = [0] * first + [dice.randint(-most, most) for most in LARGE[first:]]
        if first < len(LARGE):
            reduced[first] = dice.randint(1, LARGE[first])
        cost = (r - level[tail] + level[head] for r, level in zip(reduced, potentials, strict=True))
        arcs.append((tail, head, tuple(cost)))
    return arcs, np.array(potentials, dtype=np.int64)


def exchange_of_arcs(arcs: list[Arc]) -> Exchange:
    """The arcs as an exchange network."""
    tails, heads, costs = zip(*arcs, strict=True)
    columns = (np.array(column, dtype=np.int64) for column in (tails, heads, costs))
    tail, head, cost = columns
    return Exchange(tail, head, cost.T, np.full(NODES - 1, -1))


def nearest(arcs: list[Arc], source: int) -> dict[int, tuple[int, ...]]:
    """The least sum of levels to every node that a path leads to, asking every arc until nothing changes."""
    found, improved = {source: (0,) * len(LARGE)}, True
    while improved:
        improved = False
        for tail, head, cost in arcs:
            if tail in found:
                reached = tuple(a + b for a, b in zip(found[tail], cost, strict=True))
                if head not in found or reached < found[head]:
                    found[head], improved = reached, True
    return found


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_distances_are_the_least_sums_whatever_is_asked_together(seed: int, *, backwards: bool) -> None:
    dice = Random(seed)
    arcs, potentials = arcs_and_potentials(dice)
    turned = [(head, tail, cost) for tail, head, cost in arcs] if backwards else arcs
    paths = Paths(exchange_of_arcs(arcs), potentials, backwards=backwards)
    for many in (1, 3, exchange_paths.FEW + 4):
        chosen = dice.sample(range(NODES), 4)
        sources = [source for source in chosen for _ in range(many)]
        targets = [dice.randrange(NODES) for _ in sources[1:]] + [0]
        distances = paths.distances(np.array(sources), np.array(targets)).T.tolist()
        least = {source: nearest(turned, source) for source in chosen}
        lost = (int(UNREACHED),) * len(LARGE)
        for source, target, distance in zip(sources, targets, distances, strict=True):
            assert tuple(distance) == least[source].get(target, lost)


def test_the_levels_of_these_networks_do_not_fit_one_integer() -> None:
    arcs, potentials = arcs_and_potentials(Random(0))
    exchange = exchange_of_arcs(arcs)
    reduced = exchange.costs + potentials[:, exchange.tail] - potentials[:, exchange.head]
    assert len(packed(reduced, NODES)) > 2


def test_levels_too_large_to_be_added_up_are_refused_and_not_wrapped() -> None:
    arcs = [(k, k + 1, (0, 0, 0, 0, 2**60, 0)) for k in range(NODES - 1)]
    potentials = np.zeros((len(LARGE), NODES), dtype=np.int64)
    with pytest.raises(ArithmeticError):
        Paths(exchange_of_arcs(arcs), potentials).distances(np.array([0]), np.array([NODES - 1]))


def test_a_negative_arc_is_refused() -> None:
    arcs = [(0, 1, (0, 0, 0, 0, 1, 0)), (1, 2, (0, 0, -1, 0, 9, 0))]
    with pytest.raises(ArithmeticError, match="not optimal"):
        Paths(exchange_of_arcs(arcs), np.zeros((len(LARGE), NODES), dtype=np.int64))
