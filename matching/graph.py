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

    An output placed under a limit could make room there by moving to another of its outlets; following such
    moves from every unmatched output reaches exactly the limits before a minimum cut, and the full ones among
    them that nothing reached stands above are the cut. Mass that waits for lanes alone has no limits.
    """
    moves = _moves(problem, mass_kg)
    waiting = problem.supply_kg.copy()
    np.subtract.at(waiting, problem.arc_output, mass_kg)
    steps = _first_steps(problem, mass_kg, waiting)
    reached = set(chain.from_iterable(nx.bfs_layers(moves, {entry for _, entry in steps})))
    graph: nx.Graph[tuple[str, int]] = nx.Graph()
    graph.add_nodes_from(("output", int(i)) for i in np.unique(problem.arc_output) if waiting[i] > 0)
    graph.add_edges_from((("limit", a), ("limit", b)) for a, b in moves.subgraph(reached).edges)
    graph.add_edges_from((("output", output), ("limit", entry)) for output, entry in steps)
    found = []
    for group in nx.connected_components(graph):
        limits = (node for kind, node in group if kind == "limit")
        cut = tuple(sorted(node for node in limits if int(problem.tree.parent[node]) not in reached))
        held = sum(int(waiting[node]) for kind, node in group if kind == "output")
        found.append(Bottleneck(cut, held))
    return sorted(found, key=lambda b: (-b.unmatched_kg, b.limits))


def _moves(problem: Problem, mass_kg: IntArray) -> nx.DiGraph[int]:
    """Return the graph of limits with an edge where one more kg at one could be passed on to the other.

    It is passed on by moving an output's mass, to the limit above while there is room, or from a limit to
    one below it that carries mass and could make room.
    """
    used = np.flatnonzero(mass_kg)
    first = np.searchsorted(problem.arc_output, np.arange(len(problem.supply_kg) + 1))
    outputs = problem.arc_output[used]
    counts = first[outputs + 1] - first[outputs]
    offsets = np.cumsum(counts) - counts
    others = np.arange(counts.sum()) + np.repeat(first[outputs] - offsets, counts)
    edges = np.stack([np.repeat(problem.arc_entry[used], counts), problem.arc_entry[others]], axis=1)
    edges = edges[mass_kg[others] < problem.arc_limit_kg[others]]
    load, parent = problem.tree_load_kg(mass_kg), problem.tree.parent
    inner = np.flatnonzero(parent >= 0)
    up = inner[load[inner] < problem.tree.limit_kg[inner]]
    down = inner[load[inner] > 0]
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(len(parent)))
    graph.add_edges_from((int(a), int(b)) for a, b in np.unique(edges, axis=0) if a != b)
    graph.add_edges_from(zip(up.tolist(), parent[up].tolist(), strict=True))
    graph.add_edges_from(zip(parent[down].tolist(), down.tolist(), strict=True))
    return graph


def _first_steps(problem: Problem, mass_kg: IntArray, waiting: IntArray) -> list[tuple[int, int]]:
    """Return (output, entry) for every pair of an unmatched output whose lane is not full."""
    arcs = np.flatnonzero((waiting[problem.arc_output] > 0) & (mass_kg < problem.arc_limit_kg))
    return list(zip(problem.arc_output[arcs].tolist(), problem.arc_entry[arcs].tolist(), strict=True))
