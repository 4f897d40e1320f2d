"""Which limits, together, hold unmatched mass back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from circularity.units import IntArray
from matching.flow.cap_tree import CapTree
from matching.flow.exchange import Block, Exchange, distinct, exchange_of, radix_of
from matching.flow.problem import Problem


@dataclass(frozen=True)
class Bottleneck:
    """A set of full limits that share their outputs: only more room in one of them places more mass.

    `limits` are tree nodes (capacities, then caps), `unmatched_kg` the lawful mass waiting before them.
    """

    limits: tuple[int, ...]
    unmatched_kg: int


@dataclass(frozen=True)
class Waiting:
    """Outputs with unmatched mass and lawful outlets: their kg, and their steps to limits by lanes with room.

    `output` counts the waiting outputs; `entry` is a node of the cap tree.
    """

    mass_kg: IntArray
    output: IntArray
    entry: IntArray


def waiting_of(blocks: Iterable[Block]) -> Waiting:
    """Return who waits before which limits."""
    masses, outputs, entries, count = [], [], [], 0
    for problem, mass_kg in blocks:
        left = problem.supply_kg.copy()
        np.subtract.at(left, problem.arc_output, mass_kg)
        waiting = distinct(problem.arc_output[left[problem.arc_output] > 0])
        arcs = np.flatnonzero((left[problem.arc_output] > 0) & (mass_kg < problem.arc_limit_kg))
        masses.append(left[waiting])
        outputs.append(count + np.searchsorted(waiting, problem.arc_output[arcs]))
        entries.append(problem.arc_entry[arcs])
        count += len(waiting)
    none = np.empty(0, dtype=np.int64)
    mass, output, entry = (np.concatenate([none, *columns]) for columns in (masses, outputs, entries))
    return Waiting(mass, output, entry)


def bottlenecks(problem: Problem, mass_kg: IntArray) -> list[Bottleneck]:
    """Return the bottlenecks of a plan with the most placed mass, heaviest first."""
    load_kg = problem.tree_load_kg(mass_kg)
    exchange = exchange_of([(problem, mass_kg)], problem.tree, load_kg, radix_of(problem))
    return bottlenecks_in(problem.tree, exchange, waiting_of([(problem, mass_kg)]))


def bottlenecks_in(tree: CapTree, exchange: Exchange, waiting: Waiting) -> list[Bottleneck]:
    """Return the bottlenecks before which mass waits, heaviest first.

    An output placed under a limit could make room there by moving to another of its outlets; following such
    moves from every unmatched output reaches exactly the limits before a minimum cut, and the full ones among
    them that nothing reached stands above are the cut. Mass that waits for lanes alone has no limits.
    """
    root = len(tree.parent)
    inner = (exchange.tail != root) & (exchange.head != root)
    tail, head = exchange.tail[inner], exchange.head[inner]
    reached = _reached(tail, head, np.unique(waiting.entry), root)
    kept = reached[tail] & reached[head]
    ends = (
        np.concatenate([tail[kept], root + waiting.output]),
        np.concatenate([head[kept], waiting.entry]),
    )
    size = root + len(waiting.mass_kg)
    graph = coo_array((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    held = dict.fromkeys(label[root:].tolist(), 0)
    for group, kg in zip(label[root:].tolist(), waiting.mass_kg.tolist(), strict=True):
        held[group] += kg
    limits: dict[int, list[int]] = {group: [] for group in held}
    for node in np.flatnonzero(reached & ~(_with_root(reached)[tree.parent])).tolist():
        limits[int(label[node])].append(node)
    found = [Bottleneck(tuple(limits[group]), kg) for group, kg in held.items()]
    return sorted(found, key=lambda b: (-b.unmatched_kg, b.limits))


def _with_root(reached: IntArray) -> IntArray:
    """Return the reached limits, and last that the root, which parent -1 stands for, is never one."""
    return np.append(reached, False)


def _reached(tail: IntArray, head: IntArray, sources: IntArray, nodes: int) -> IntArray:
    """Return per node whether some source leads to it; a node more stands before all sources."""
    tails, heads = np.concatenate([tail, np.full(len(sources), nodes)]), np.concatenate([head, sources])
    graph = coo_array((np.ones(len(tails), dtype=np.int8), (tails, heads)), shape=(nodes + 1, nodes + 1))
    order = breadth_first_order(graph.tocsr(), nodes, return_predecessors=False)
    reached = np.zeros(nodes + 1, dtype=bool)
    reached[order] = True
    return reached[:nodes]
