"""Solve a problem: split into components, run every level on the optimal face of the one before, merge.

Components share no limit, so their plans are independent and merge by position; the last level makes each
of them unique, so the engine cannot show in the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from circularity.units import IntArray
from matching.engines.network_flow import ENGINES, Engine, engine_for
from matching.flow.network import (
    Network,
    network_of,
    residual_of,
    shortest_distances,
)
from matching.flow.problem import COST_LEVEL, LEVELS, TIE_LEVEL, Problem

PACKED_LIMIT = 2**40
"""Weights of packed levels stay below this, far from what the engines and path sums can hold."""


@dataclass(frozen=True)
class Solution:
    """Mass in kg on every pair arc, and the engines that found it."""

    mass_kg: IntArray
    engines: tuple[str, ...]


def solve(problem: Problem, engine: str = "auto") -> Solution:
    """Return the lexicographically optimal plan.

    Raises ValueError for an unknown engine, OverflowError where numbers leave 64 bits and NotProvenError
    where an engine finds no optimum.
    """
    engine_for(engine)
    mass = np.zeros(len(problem.arc_output), dtype=np.int64)
    engines: set[str] = set()
    for arcs, part in components(problem):
        mass[arcs], used = solve_component(part, engine)
        engines.add(used)
    return Solution(mass, tuple(sorted(engines)))


def components(problem: Problem) -> Iterator[tuple[IntArray, Problem]]:
    """Yield (arc indices, sub-problem) for every connected component that has arcs, largest first."""
    n_outputs, n_tree = len(problem.supply_kg), len(problem.tree.parent)
    inner = np.flatnonzero(problem.tree.parent >= 0)
    tails = np.concatenate([problem.arc_output, inner + n_outputs])
    heads = np.concatenate([problem.arc_entry, problem.tree.parent[inner]]) + n_outputs
    size = n_outputs + n_tree
    graph = coo_array((np.ones(len(tails), dtype=np.int8), (tails, heads)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    label_of_arc = label[problem.arc_output]
    by_label = np.argsort(label_of_arc, kind="stable")
    groups = np.split(by_label, np.flatnonzero(np.diff(label_of_arc[by_label])) + 1)
    by_node = np.argsort(label, kind="stable")
    first = np.searchsorted(label[by_node], np.arange(label.max(initial=-1) + 2))
    for arcs in sorted((g for g in groups if g.size), key=lambda g: (-len(g), int(g[0]))):
        component = label_of_arc[arcs[0]]
        nodes = by_node[first[component] : first[component + 1]]
        yield arcs, _part(problem, arcs, nodes[nodes < n_outputs], nodes[nodes >= n_outputs] - n_outputs)


def _part(problem: Problem, arcs: IntArray, outputs: IntArray, tree_nodes: IntArray) -> Problem:
    return replace(
        problem,
        supply_kg=problem.supply_kg[outputs],
        arc_output=np.searchsorted(outputs, problem.arc_output[arcs]),
        arc_entry=np.searchsorted(tree_nodes, problem.arc_entry[arcs]),
        arc_limit_kg=problem.arc_limit_kg[arcs],
        tree=problem.tree.subtree(tree_nodes),
        coefficients=tuple(c[arcs] for c in problem.coefficients),
        output_ids=problem.output_ids[outputs],
        arc_capacity=problem.arc_capacity[arcs],
    )


def solve_component(problem: Problem, engine: str) -> tuple[IntArray, str]:
    """Return the optimal mass per pair arc of one component, and the engine used."""
    name = engine_for(engine)
    network = network_of(problem)
    flow, free = np.zeros(len(network.tail), dtype=np.int64), np.arange(len(network.tail))
    _descend(problem, network, ENGINES[name], _level_groups(problem), flow, free)
    return flow[: network.pair_arcs], name


def after_the_cost(problem: Problem, flow_kg: IntArray, reduced: IntArray, engine: str) -> Solution:
    """Return the plan that is best on the levels after the cost among those optimal up to it.

    `flow_kg` is one of these on every network arc, `reduced` the arcs' reduced costs on the levels up to the
    cost together.
    """
    name = engine_for(engine)
    flow, network = flow_kg.copy(), network_of(problem)
    groups = [[level] for level in range(COST_LEVEL + 1, len(LEVELS))]
    _descend(problem, network, ENGINES[name], groups, flow, np.flatnonzero(reduced == 0))
    return Solution(flow[: network.pair_arcs], (name,))


def _descend(
    problem: Problem,
    network: Network,
    engine: Engine,
    groups: list[list[int]],
    flow: IntArray,
    free: IntArray,
) -> None:
    """Optimise groups of levels one after another over the free arcs of a flow, in place.

    After each, arcs of reduced cost zero stay free, saturated arcs of negative reduced cost are fixed at
    their limit and the rest at zero: the optimal face, exactly.
    """
    is_fixed = np.ones(len(flow), dtype=bool)
    is_fixed[free] = False
    supply = _left(network, network.supply_kg.copy(), flow, np.flatnonzero(is_fixed & (flow > 0)))
    for group in groups:
        cost = _packed_cost(problem, network, free, group)
        if not cost.any():
            continue
        flow[free] = engine(network.tail[free], network.head[free], network.limit_kg[free], cost, supply)
        if group == groups[-1]:
            break
        reduced = _reduced_costs(network, free, cost, flow[free])
        supply = _left(network, supply, flow, free[reduced < 0])
        free = free[reduced == 0]


def _left(network: Network, supply: IntArray, flow: IntArray, fixed: IntArray) -> IntArray:
    """Return what the nodes still send or take, in place, once the flow on some arcs is fixed."""
    np.subtract.at(supply, network.tail[fixed], flow[fixed])
    np.add.at(supply, network.head[fixed], flow[fixed])
    return supply


def _level_groups(problem: Problem) -> list[list[int]]:
    """Pack levels into as few weighted solves as a bound proves exact; the tie level stays by itself.

    Two plans differ by residual cycles. A cycle visits a node once, so it uses at most `crossings` pair arcs
    and changes a level by at most that times the level's largest coefficient. A weight above everything
    that the later levels of its group can change this way keeps the order strict.
    """
    groups = [[0]]
    for level in range(1, TIE_LEVEL):
        if _weights(problem, [*groups[-1], level])[0] < PACKED_LIMIT:
            groups[-1].append(level)
        else:
            groups.append([level])
    return [*groups, [TIE_LEVEL]]


def _weights(problem: Problem, levels: list[int]) -> list[int]:
    """Return the levels' weights in one objective, computed and bounded in Python integers."""
    crossings = 2 * (min(len(problem.supply_kg), len(problem.tree.parent)) + 1)
    weights, weight, later = [], 1, 0
    for level in reversed(levels):
        weight = crossings * later + 1
        reach = int(np.abs(problem.coefficients[level].astype(np.int64)).max(initial=0))
        later += weight * reach
        weights.append(weight)
    return weights[::-1]


def _packed_cost(problem: Problem, network: Network, free: IntArray, group: list[int]) -> IntArray:
    cost = np.zeros(len(free), dtype=np.int64)
    pairs = np.flatnonzero(free < network.pair_arcs)
    weights = _weights(problem, group) if len(group) > 1 else [1]
    for weight, level in zip(weights, group, strict=True):
        cost[pairs] += weight * problem.coefficient(level, free[pairs])
    return cost


def _reduced_costs(network: Network, free: IntArray, cost: IntArray, flow: IntArray) -> IntArray:
    """Return the reduced costs of the free arcs under potentials of the optimal flow.

    The face may fall apart, so distances start from every node at once: any feasible potential will do.
    """
    face = replace(network, tail=network.tail[free], head=network.head[free], limit_kg=network.limit_kg[free])
    residual = residual_of(face, flow)
    start = np.zeros(residual.n_nodes, dtype=np.int64)
    potential = shortest_distances(residual, residual.sign * cost[residual.arc], start)
    return cost + potential[face.tail] - potential[face.head]
