"""The least of a second aim within a cost allowance: a walk along the trade-off of two prices in a flow.

Every weighting of the two prices is a min-cost flow; its optimum is a corner of the trade-off and bounds the
aim of every plan within the allowance. The walk (the secant between the best corner within and the one
beyond) ends at two neighbouring corners; between them a plan is cut off at the allowance and rounded to whole
kilograms by one more flow, which can only make it cheaper.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from circularity.units import IntArray
from matching.engines.network_flow import ENGINES, engine_for
from matching.flow.network import Network, residual_of, shortest_distances
from matching.flow.problem import exact_dot

LARGEST_PATH = 2**58
"""Weighted prices times nodes stay below this, which every engine and path sum can hold."""

LARGEST_WEIGHT = 2**40
MOST_SOLVES = 40


@dataclass(frozen=True)
class Trade:
    """A flow network with two prices per kg and arc: cost in µCNY, and an aim to be made small.

    `start_kg` is a flow of least cost.
    """

    tail: IntArray
    head: IntArray
    limit_kg: IntArray
    cost: IntArray
    aim: IntArray
    supply_kg: IntArray
    start_kg: IntArray


@dataclass(frozen=True)
class Corner:
    """A flow in kg per arc, its cost and its aim as exact integers."""

    flow_kg: IntArray
    cost: int
    aim: int


@dataclass(frozen=True)
class Traded:
    """The best corner within the allowance, the next one beyond (None: all are within), and a proven bound.

    No flow that costs at most the allowance has an aim below `bound`.
    """

    within: Corner
    beyond: Corner | None
    bound: int


def walk(trade: Trade, allowed_cost: int, engine: str) -> Traded:
    """Return the neighbouring corners of the trade-off on both sides of the allowed cost.

    Raises OverflowError where even equal weights leave what the engines hold.
    """
    within = _corner(trade, trade.start_kg)
    weights = _weights(trade, 1, LARGEST_WEIGHT)
    beyond, bound = _solved(trade, weights, allowed_cost, engine)
    if beyond.cost <= allowed_cost:
        return Traded(min(within, beyond, key=lambda corner: (corner.aim, corner.cost)), None, bound)
    for _ in range(MOST_SOLVES):
        if within.aim <= beyond.aim:
            break
        weights = _weights(trade, within.aim - beyond.aim, beyond.cost - within.cost)
        found, proven = _solved(trade, weights, allowed_cost, engine)
        bound = max(bound, proven)
        if _worth(found, weights) >= min(_worth(within, weights), _worth(beyond, weights)):
            break
        if found.cost > allowed_cost:
            beyond = found
        elif found.aim < within.aim:
            within = found
        else:
            break
    return Traded(within, beyond, bound)


def cut_at(trade: Trade, traded: Traded, allowed_cost: int, engine: str) -> Corner:
    """Return a flow between two corners that uses up the allowance, in whole kilograms."""
    within, beyond = traded.within, traded.beyond
    if beyond is None or within.aim <= beyond.aim:
        return within
    share, of = allowed_cost - within.cost, beyond.cost - within.cost
    pairs = zip(within.flow_kg.tolist(), beyond.flow_kg.tolist(), strict=True)
    moved = [(one, share * (other - one)) for one, other in pairs]
    least = np.array([one + step // of for one, step in moved], dtype=np.int64)
    most = np.array([one - -step // of for one, step in moved], dtype=np.int64)
    supply = trade.supply_kg.copy()
    np.subtract.at(supply, trade.tail, least)
    np.add.at(supply, trade.head, least)
    room = replace(trade, limit_kg=most - least, supply_kg=supply)
    found = _corner(trade, least + _flow(room, room.cost, engine))
    return found if found.cost <= allowed_cost and found.aim < within.aim else within


def _solved(trade: Trade, weights: tuple[int, int], allowed_cost: int, engine: str) -> tuple[Corner, int]:
    """Return the corner of a weighting and the bound it proves: weight × aim >= optimum - weight × allowed.

    Raises ArithmeticError where the engine's flow is not optimal, so that no bound rests on its word.
    """
    cost = weights[0] * trade.cost + weights[1] * trade.aim
    flow = _flow(trade, cost, engine)
    residual = residual_of(Network(trade.tail, trade.head, trade.limit_kg, trade.supply_kg, 0), flow)
    anywhere = np.zeros(residual.n_nodes, dtype=np.int64)
    shortest_distances(residual, residual.sign * cost[residual.arc], anywhere)
    corner = _corner(trade, flow)
    return corner, -((weights[0] * allowed_cost - _worth(corner, weights)) // weights[1])


def _flow(trade: Trade, cost: IntArray, engine: str) -> IntArray:
    name = engine_for(engine)
    return ENGINES[name](trade.tail, trade.head, trade.limit_kg, cost, trade.supply_kg)


def _corner(trade: Trade, flow_kg: IntArray) -> Corner:
    return Corner(flow_kg, exact_dot(flow_kg, trade.cost), exact_dot(flow_kg, trade.aim))


def _worth(corner: Corner, weights: tuple[int, int]) -> int:
    return weights[0] * corner.cost + weights[1] * corner.aim


def _weights(trade: Trade, of_cost: int, of_aim: int) -> tuple[int, int]:
    """Return two weights in about this proportion, both at least 1, that the engines can hold."""
    common = math.gcd(of_cost, of_aim)
    of_cost, of_aim = of_cost // common, of_aim // common
    dearest, farthest = (int(np.abs(price).max(initial=0)) for price in (trade.cost, trade.aim))
    nodes = len(trade.supply_kg) + 1
    while (of_cost * dearest + of_aim * farthest) * nodes >= LARGEST_PATH:
        if of_cost == of_aim == 1:
            raise OverflowError("prices are too large for the flow engine")
        of_cost, of_aim = max(1, of_cost // 2), max(1, of_aim // 2)
    return of_cost, of_aim
