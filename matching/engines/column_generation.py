"""Solve over more pairs than a solver should hold: a few of them, then those that would improve the plan.

The levels up to the cost are one weighted objective. A sample of the outputs prices the limits; each output
begins with the pairs that look best at these prices. After each solve every pair is priced, in blocks, and
those that would improve the plan join. When none is left the plan is optimal over all pairs, and only pairs
of reduced cost zero can carry less than all or more than nothing in any optimal plan: among these the levels
after the cost decide. Weights too small to be proven strict lose nothing but time: the certificate over all
pairs decides, and the caller then solves strictly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from circularity.units import IntArray
from matching.engines.network_flow import ENGINES, engine_for
from matching.flow.cap_tree import CapTree
from matching.flow.exchange import distinct
from matching.flow.network import network_of, residual_of, shortest_distances
from matching.flow.problem import Problem
from matching.pairs.part_pairs import PartPairs

SAMPLED = 20
"""One output in so many prices the limits for the first choice of pairs."""

FIRST_PAIRS, NEAR_PAIRS, MORE_PAIRS = 12, 4, 6
"""Pairs per output to begin with, to begin with at the prices of a plan nearby, to add in a round at most."""

LARGEST_PATH = 2**59
"""Weighted costs times nodes stay below this, which every engine can hold."""

CROSSINGS = 64
"""How many pairs an exchange is taken to visit where the proven bound would give too large weights."""

ALL_PAIRS = 400_000
"""Up to so many pairs are given to the engine at once."""


@dataclass(frozen=True)
class Columns:
    """The pairs that decide, as sorted rows of all pairs, and a plan that is optimal up to the cost.

    `flow_kg` and `reduced` costs are of every arc of the network of these pairs.
    """

    rows: IntArray
    flow_kg: IntArray
    reduced: IntArray


def generate_columns(pairs: PartPairs, engine: str, near: IntArray | None = None) -> Columns:
    """Return the pairs over which the weighted optimum of all pairs is found and proven.

    `near` are potentials (levels × outputs, nodes, root) of a plan that may differ little.
    """
    weights = weights_of(pairs)
    engine = engine_for(engine)
    if len(pairs) <= (ALL_PAIRS if near is None else 0):
        rows = np.arange(len(pairs))
    else:
        rows = (
            _first_choice(pairs, weights, _sampled_prices(pairs, weights, engine))
            if near is None
            else _least(pairs, weights, _weighted_price(weights, near))
        )
    while True:
        problem = pairs.problem(rows)
        flow, price = _solved(problem, weights, engine)
        if len(rows) == len(pairs):
            return _near_the_face(problem, flow, _reduced_arcs(problem, weights, price))
        better, free = _priced(pairs, weights, price, rows)
        if not better.size:
            return _with_ties(pairs, weights, price, Columns(rows, flow, flow[:0]), free)
        rows = either(rows, better)


def _near_the_face(problem: Problem, flow_kg: IntArray, reduced: IntArray) -> Columns:
    """Return, of all pairs, those that can carry mass and those nearest to it: only these need to be held."""
    of_pairs = reduced[: len(problem.arc_output)]
    rows = np.flatnonzero(of_pairs <= max(0, _bound(problem, of_pairs)))
    arcs = np.concatenate([rows, np.arange(len(of_pairs), len(reduced))])
    return Columns(rows, flow_kg[arcs], reduced[arcs])


def _with_ties(
    pairs: PartPairs, weights: tuple[int, ...], price: IntArray, found: Columns, free: IntArray
) -> Columns:
    """Return the columns with the `free` pairs outside them, which carry nothing and might as well."""
    every = either(found.rows, free)
    problem, width = pairs.problem(every), len(found.rows)
    flow = np.zeros(len(every) + len(found.flow_kg) - width, dtype=np.int64)
    flow[np.searchsorted(every, found.rows)] = found.flow_kg[:width]
    flow[len(every) :] = found.flow_kg[width:]
    return Columns(every, flow, _reduced_arcs(problem, weights, price))


def near_columns(pairs: PartPairs, potentials: IntArray) -> IntArray:
    """Return the pairs that decide, as far as potentials (levels × outputs, nodes, root) can tell."""
    weights = weights_of(pairs)
    return _least(pairs, weights, _weighted_price(weights, potentials))


def weights_of(pairs: PartPairs) -> tuple[int, ...]:
    """Return weights of the levels up to the cost that keep their order over any exchange likely to occur."""
    part, cost = pairs.part, pairs.lawful.cost_ucny_per_kg
    largest = (1, 1, 1, int(np.abs(part.prepared.coefficients.rank).max(initial=1)),
               int(np.abs(cost).max(initial=1)))  # fmt: skip
    proven = 2 * (min(len(part.outputs), len(part.nodes)) + 1)
    for crossings in (proven, CROSSINGS, 8, 2):
        weights, weight, later = [], 1, 0
        for reach in reversed(largest):
            weight = crossings * later + 1
            later += weight * reach
            weights.append(weight)
        if later * (len(part.outputs) + len(part.nodes) + 2) < LARGEST_PATH:
            break
    return tuple(reversed(weights))


def _weighted_price(weights: tuple[int, ...], potentials: IntArray) -> IntArray:
    price = np.zeros(potentials.shape[1], dtype=np.int64)
    for weight, each in zip(weights, potentials, strict=False):
        price += weight * each
    return price


def weighted(problem: Problem, weights: tuple[int, ...]) -> IntArray:
    """Return the pairs' weighted costs."""
    cost = np.zeros(len(problem.arc_output), dtype=np.int64)
    for weight, coefficients in zip(weights, problem.coefficients, strict=False):
        cost += weight * coefficients.astype(np.int64)
    return cost


def _solved(problem: Problem, weights: tuple[int, ...], engine: str) -> tuple[IntArray, IntArray]:
    """Return the weighted optimum's flow on every arc, and potentials of outputs, nodes and the root."""
    network, cost = network_of(problem), _arc_costs(problem, weights)
    flow = ENGINES[engine](network.tail, network.head, network.limit_kg, cost, network.supply_kg)
    residual = residual_of(network, flow)
    anywhere = np.zeros(residual.n_nodes, dtype=np.int64)
    return flow, shortest_distances(residual, residual.sign * cost[residual.arc], anywhere)


def _arc_costs(problem: Problem, weights: tuple[int, ...]) -> IntArray:
    """Return the weighted cost of every arc of the network; only pairs have one."""
    others = np.zeros(len(problem.supply_kg) + len(problem.tree.parent), dtype=np.int64)
    return np.concatenate([weighted(problem, weights), others])


def _reduced_arcs(problem: Problem, weights: tuple[int, ...], price: IntArray) -> IntArray:
    """Return the reduced weighted cost of every arc of the network."""
    network = network_of(problem)
    return _arc_costs(problem, weights) + price[network.tail] - price[network.head]


def _reduced(problem: Problem, weights: tuple[int, ...], price: IntArray) -> IntArray:
    """Return the pairs' reduced weighted costs."""
    entry = price[len(problem.supply_kg) :][problem.arc_entry]
    return weighted(problem, weights) + price[problem.arc_output] - entry


def _sampled_prices(pairs: PartPairs, weights: tuple[int, ...], engine: str) -> IntArray:
    """Return potentials of a sample of outputs under limits cut down alike; outputs outside it have 0."""
    part = pairs.part
    chosen = np.zeros(part.prepared.case.shape[0], dtype=bool)
    chosen[part.outputs[::SAMPLED]] = True
    problem = pairs.problem(np.flatnonzero(chosen[pairs.lawful.output]))
    sampled = replace(
        problem,
        supply_kg=np.where(chosen[part.outputs], problem.supply_kg, 0),
        tree=CapTree(-(-problem.tree.limit_kg // SAMPLED), problem.tree.parent, ()),
    )
    _, price = _solved(sampled, weights, engine)
    price[: len(part.outputs)] = 0
    return price


def _first_choice(pairs: PartPairs, weights: tuple[int, ...], price: IntArray) -> IntArray:
    """Return the rows of each output's FIRST_PAIRS best pairs at the given prices."""
    chosen = []
    for block, problem in pairs.blocks():
        reduced = _reduced(problem, weights, price)
        chosen.append(block.start + _least_per_output(problem.arc_output, reduced, FIRST_PAIRS))
    return np.sort(np.concatenate(chosen))


def _least(pairs: PartPairs, weights: tuple[int, ...], price: IntArray) -> IntArray:
    """Return the rows of the pairs nearest to joining at nearly right prices, NEAR_PAIRS an output."""
    chosen = []
    for block, problem in pairs.blocks():
        reduced = _reduced(problem, weights, price)
        chosen.append(block.start + np.flatnonzero(reduced <= _bound(problem, reduced)))
    return np.concatenate([np.empty(0, dtype=np.int64), *chosen])


def _bound(problem: Problem, reduced: IntArray) -> int:
    """Return the reduced cost up to which there are NEAR_PAIRS pairs for every output."""
    count = NEAR_PAIRS * (1 + np.count_nonzero(np.diff(problem.arc_output)))
    return int(np.partition(reduced, count)[count] if count < len(reduced) else reduced.max(initial=0))


def _priced(
    pairs: PartPairs, weights: tuple[int, ...], price: IntArray, rows: IntArray
) -> tuple[IntArray, IntArray]:
    """Return each output's best improving pairs outside `rows`, and all pairs that can carry mass."""
    better, free = [], []
    for block, problem in pairs.blocks():
        reduced = _reduced(problem, weights, price)
        known = rows[slice(*np.searchsorted(rows, (block.start, block.stop)))] - block.start
        improving = reduced < 0
        free.append(block.start + np.flatnonzero(reduced <= 0))
        improving[known] = False
        found = np.flatnonzero(improving)
        best = _least_per_output(problem.arc_output[found], reduced[found], MORE_PAIRS)
        better.append(block.start + found[best])
    return np.sort(np.concatenate(better)), np.concatenate(free)


def either(rows: IntArray, more: IntArray) -> IntArray:
    """Return the values of two sorted columns, each once and sorted."""
    # two runs in order are merged by a stable sort; numpy's union would hash millions of rows
    return distinct(np.sort(np.concatenate([rows, more]), kind="stable"))


def _least_per_output(output: IntArray, value: IntArray, count: int) -> IntArray:
    """Return the places of each output's `count` least values; `output` is sorted."""
    if not output.size:
        return np.empty(0, dtype=np.int64)
    starts = np.flatnonzero(np.diff(output, prepend=-1))
    width = np.diff(np.append(starts, len(output)))
    row = np.repeat(np.arange(len(starts)), width)
    column = np.arange(len(output)) - np.repeat(starts, width)
    widest = int(width.max())
    if widest <= count:
        return np.arange(len(output))
    table = np.full((len(starts), widest), np.iinfo(np.int64).max)
    table[row, column] = value
    least = np.argpartition(table, count - 1, axis=1)[:, :count]
    places = starts[:, None] + least
    return places[least < width[:, None]]
