"""All plans that equal the optimum on the levels before the cost, as a flow network of their own.

By the plan's potentials an arc of reduced cost zero on these levels may carry anything, one below zero is
full in every such plan and one above zero empty. What is left free is a min-cost flow again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from circularity.units import IntArray
from matching.flow.network import Network, flow_of, network_of
from matching.flow.problem import COST_LEVEL, Problem
from matching.near_optimal.trade import Trade
from matching.pairs.lawful_pairs import LawfulPairs
from matching.pairs.part_pairs import PartPairs
from matching.pairs.parts import Prepared, split, whole
from matching.plans.plan import Plan
from matching.proof.optimality import arc_groups, first_sign

TENTHS = 10


class NotAFlowError(RuntimeError):
    """The plan's potentials do not prove it as a flow (lots or crossing caps bind it)."""


@dataclass(frozen=True)
class Face:
    """The free arcs of the network over pairs that can carry mass; the rest is fixed at the plan's flow.

    `pairs` are rows of the case, sorted, as are the problem's pair arcs. `flow_kg` is the plan's own flow on
    every network arc, `free` the arcs that may differ, `supply_kg` what the free arcs have to carry.
    """

    pairs: LawfulPairs
    problem: Problem
    network: Network
    flow_kg: IntArray
    free: IntArray
    supply_kg: IntArray

    def trade(self, aim_of_pair: IntArray) -> Trade:
        """Return the trade between cost and a second price per kg of each pair."""
        cost, aim = (np.zeros(len(self.network.tail), dtype=np.int64) for _ in range(2))
        cost[: self.network.pair_arcs] = self.problem.coefficients[COST_LEVEL]
        aim[: self.network.pair_arcs] = aim_of_pair
        network, free = self.network, self.free
        return Trade(
            network.tail[free], network.head[free], network.limit_kg[free], cost[free], aim[free],
            self.supply_kg, self.flow_kg[free],
        )  # fmt: skip

    def crowding_trade(self) -> Trade:
        """Return the trade between cost and crowding: a kg in a capacity's tenth k of its limit counts k - 1.

        Each free arc above a capacity becomes ten beside each other, dearer one after another, so that a flow
        fills them in order. They stand behind all others.
        """
        trade = self.trade(np.zeros(self.network.pair_arcs, dtype=np.int64))
        node = self.free - self.network.pair_arcs - len(self.problem.supply_kg)
        split_up = (node >= 0) & (node < len(self.problem.capacity_ids))
        limit = self.problem.tree.limit_kg[node[split_up]]
        start = tenths_kg(limit)
        load = trade.start_kg[split_up][:, None]
        width = np.diff(start, axis=1)
        tenths = np.clip(load - start[:, :-1], 0, width)
        no_cost = np.zeros(width.size, dtype=np.int64)
        # far above all mass is as good as no limit, as in the network
        passable = np.minimum(width, trade.limit_kg[split_up][:, None])
        rest = ~split_up
        return replace(
            trade,
            tail=np.concatenate([trade.tail[rest], np.repeat(trade.tail[split_up], TENTHS)]),
            head=np.concatenate([trade.head[rest], np.repeat(trade.head[split_up], TENTHS)]),
            limit_kg=np.concatenate([trade.limit_kg[rest], passable.ravel()]),
            cost=np.concatenate([trade.cost[rest], no_cost]),
            aim=np.concatenate([trade.aim[rest], np.tile(np.arange(TENTHS), len(width))]),
            start_kg=np.concatenate([trade.start_kg[rest], tenths.ravel()]),
        )

    def mass_kg(self, flow_kg: IntArray) -> IntArray:
        """Return the mass on every pair from the flow of a trade, in which free pairs stand first."""
        mass = self.flow_kg[: self.network.pair_arcs].copy()
        free_pairs = self.free[self.free < self.network.pair_arcs]
        mass[free_pairs] = flow_kg[: len(free_pairs)]
        return mass


def tenths_kg(limit_kg: IntArray) -> IntArray:
    """Return where the tenths of limits begin and the last one ends, whole kg; shape (limits, 11)."""
    k = np.arange(TENTHS + 1)
    bounds: IntArray = (limit_kg // TENTHS)[:, None] * k + (limit_kg % TENTHS)[:, None] * k // TENTHS
    return bounds


def face_of(plan: Plan, prepared: Prepared) -> Face:
    """Return the plans that equal an optimal plan on the levels before the cost.

    Raises NotAFlowError where the plan's potentials do not prove it on these levels.
    """
    potentials = plan.prices.potentials[:COST_LEVEL]
    pairs = _pairs_that_can_carry(prepared, potentials)
    problem = whole(prepared).problem(pairs)
    mass = np.zeros(len(pairs), dtype=np.int64)
    width = prepared.case.shape[1]
    key = pairs.output.astype(np.int64) * width + pairs.capacity
    used = plan.mass_kg > 0
    mine = plan.arcs.output[used] * width + plan.arcs.capacity[used]
    if not np.isin(mine, key).all():
        raise NotAFlowError("the plan uses pairs that its potentials exclude")
    mass[np.searchsorted(key, mine)] = plan.mass_kg[used]
    network, flow = network_of(problem), flow_of(problem, mass)
    groups = arc_groups(problem, mass, plan.unmatched_kg)
    sign = np.concatenate([first_sign(problem, potentials, arcs)[0] for arcs in groups])
    # a limit above all mass is cut down in the network, and is then never full
    if np.any((sign > 0) & (flow > 0)) or np.any((sign < 0) & (flow < network.limit_kg)):
        raise NotAFlowError("the plan's potentials do not prove it as a flow")
    fixed = sign != 0
    supply = network.supply_kg.copy()
    np.subtract.at(supply, network.tail[fixed], flow[fixed])
    np.add.at(supply, network.head[fixed], flow[fixed])
    return Face(pairs, problem, network, flow, np.flatnonzero(~fixed), supply)


def _pairs_that_can_carry(prepared: Prepared, potentials: IntArray) -> LawfulPairs:
    """Return the lawful pairs of reduced cost zero or less, sorted; parts are looked at one after another."""
    everything, kept = whole(prepared), [LawfulPairs.none()]
    for part in split(prepared):
        found = part.eligibility().pairs
        for block, problem in PartPairs(everything, found).blocks():
            nothing = np.zeros(len(problem.arc_output), dtype=np.int64)
            arcs = next(arc_groups(problem, nothing, problem.supply_kg))
            sign, _ = first_sign(problem, potentials, arcs)
            kept.append(found.take(block).take(np.flatnonzero(sign <= 0)))
    pairs = LawfulPairs.concatenated(kept)
    return pairs.take(np.lexsort((pairs.capacity, pairs.output)))
