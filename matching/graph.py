"""The networkx view of a plan: which limits, together, hold unmatched mass back."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import networkx as nx
import numpy as np

from circularity.units import IntArray
from matching.problem import Problem


@dataclass(frozen=True)
class Bottleneck:
    """A set of full limits that share their outputs: only more room in one of them places more mass.

    `limits` are tree nodes (capacities, then caps), `unmatched_kg` the lawful mass waiting before them.
    """

    limits: tuple[int, ...]
    unmatched_kg: int


def bottlenecks(problem: Problem, mass_kg: IntArray) -> list[Bottleneck]:
    """Return the bottlenecks of a plan with the most placed mass, heaviest first.

    An output placed at one limit could make room there by moving to another of its outlets; following such
    moves from every unmatched output reaches exactly the limits of a minimum cut.
    """
    moves = _moves(problem, mass_kg)
    waiting = problem.supply_kg.copy()
    np.subtract.at(waiting, problem.arc_output, mass_kg)
    steps = _first_steps(problem, waiting)
    reached = set(chain.from_iterable(nx.bfs_layers(moves, {entry for _, entry in steps})))
    graph: nx.Graph[tuple[str, int]] = nx.Graph()
    graph.add_edges_from((("limit", a), ("limit", b)) for a, b in moves.subgraph(reached).edges)
    graph.add_edges_from((("output", output), ("limit", entry)) for output, entry in steps)
    found = []
    for group in nx.connected_components(graph):
        limits = tuple(sorted(node for kind, node in group if kind == "limit"))
        held = sum(int(waiting[node]) for kind, node in group if kind == "output")
        found.append(Bottleneck(_full_above(problem, mass_kg, limits), held))
    return sorted(found, key=lambda b: (-b.unmatched_kg, b.limits))


def _moves(problem: Problem, mass_kg: IntArray) -> nx.DiGraph[int]:
    """Return the graph of limits with an edge where mass placed at one could go to the other instead."""
    used = np.flatnonzero(mass_kg)
    first = np.searchsorted(problem.arc_output, np.arange(len(problem.supply_kg) + 1))
    outputs = problem.arc_output[used]
    counts = first[outputs + 1] - first[outputs]
    offsets = np.cumsum(counts) - counts
    others = np.arange(counts.sum()) + np.repeat(first[outputs] - offsets, counts)
    edges = np.stack([np.repeat(problem.arc_entry[used], counts), problem.arc_entry[others]], axis=1)
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(len(problem.tree.parent)))
    graph.add_edges_from((int(a), int(b)) for a, b in np.unique(edges, axis=0) if a != b)
    return graph


def _first_steps(problem: Problem, waiting: IntArray) -> list[tuple[int, int]]:
    arcs = np.flatnonzero(waiting[problem.arc_output] > 0)
    return list(zip(problem.arc_output[arcs].tolist(), problem.arc_entry[arcs].tolist(), strict=True))


def _full_above(problem: Problem, mass_kg: IntArray, entries: tuple[int, ...]) -> tuple[int, ...]:
    """Replace every entry by the first full limit on its way to the root; lanes may be what is full."""
    load = problem.tree_load_kg(mass_kg)
    full = set()
    for entry in entries:
        node = entry
        while node >= 0 and load[node] < problem.tree.limit_kg[node]:
            node = int(problem.tree.parent[node])
        if node >= 0:
            full.add(node)
    return tuple(sorted(full))
