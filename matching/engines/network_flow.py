"""Min-cost-flow engines behind one signature. Each takes arrays and returns an optimal integer flow.

OR-Tools is the workhorse; networkx is slow and independent, for cross-checks.
"""

from __future__ import annotations

from collections.abc import Callable

import networkx as nx
import numpy as np
from ortools.graph.python import min_cost_flow

from circularity.units import IntArray
from matching.engines.lemon_flow import AVAILABLE, lemon_flow

Engine = Callable[[IntArray, IntArray, IntArray, IntArray, IntArray], IntArray]


class NotProvenError(RuntimeError):
    """An engine gave no optimum; the message says what it answered."""


def ortools_flow(
    tail: IntArray, head: IntArray, limit_kg: IntArray, cost: IntArray, supply_kg: IntArray
) -> IntArray:
    """Return the flow of OR-Tools' cost-scaling min-cost flow.

    Its own objective value is never read: it wraps silently for large costs while the flow stays right.
    Raises OverflowError for sums or costs that it cannot hold, NotProvenError for any status but optimal.
    """
    if int(np.abs(supply_kg).sum()) >= 2**61:
        raise OverflowError("supplies are too large for the flow engine")
    if len(cost) and int(np.abs(cost).max()) * (len(supply_kg) + 1) >= 2**60:
        raise OverflowError("unit costs are too large for the flow engine")
    solver = min_cost_flow.SimpleMinCostFlow()
    ends = tail.astype(np.int32), head.astype(np.int32)
    arcs = solver.add_arcs_with_capacity_and_unit_cost(*ends, limit_kg, cost)
    solver.set_nodes_supplies(np.arange(len(supply_kg), dtype=np.int32), supply_kg)
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise NotProvenError(f"OR-Tools answered {status}")
    flow: IntArray = solver.flows(arcs).astype(np.int64)
    return flow


def networkx_flow(
    tail: IntArray, head: IntArray, limit_kg: IntArray, cost: IntArray, supply_kg: IntArray
) -> IntArray:
    """Return the flow of networkx's network simplex; raises NotProvenError where it finds none."""
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    graph.add_nodes_from((node, {"demand": -supply}) for node, supply in enumerate(supply_kg.tolist()))
    columns = (tail.tolist(), head.tolist(), range(len(tail)), limit_kg.tolist(), cost.tolist())
    for t, h, key, limit, unit_cost in zip(*columns, strict=True):
        graph.add_edge(t, h, key=key, capacity=limit, weight=unit_cost)
    try:
        _, flows = nx.network_simplex(graph)
    except nx.NetworkXException as error:
        raise NotProvenError(f"networkx answered: {error}") from error
    flow = np.zeros(len(tail), dtype=np.int64)
    for by_head in flows.values():
        for by_key in by_head.values():
            for key, value in by_key.items():
                flow[key] = value
    return flow


ENGINES: dict[str, Engine] = {
    "ortools": ortools_flow,
    "networkx": networkx_flow,
    **({"lemon": lemon_flow} if AVAILABLE else {}),
}

FASTEST = "lemon" if AVAILABLE else "ortools"


def engine_for(name: str) -> str:
    """Return the engine to use: the one asked for, or under `auto` the fastest that is installed.

    Raises ValueError for an unknown name.
    """
    if name == "auto":
        return FASTEST
    if name not in ENGINES:
        raise ValueError(f"unknown engine {name}; known are auto, {', '.join(sorted(ENGINES))}")
    return name
