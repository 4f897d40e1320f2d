"""What a flow in a tree of limits cannot hold: caps that cross the tree, and lots that must not be split.

A crossing cap limits a set of pairs that is neither inside a limit of the tree nor apart from it. A lot binds
an output: each of its pairs carries nothing or at least the lot. A lot of the output's whole mass is
indivisible: everything goes to one outlet, or nothing goes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from circularity.units import IntArray, format_tonnes
from matching.flow.problem import Problem


@dataclass(frozen=True)
class CrossingCap:
    """A limit in kg on the pair arcs `arcs` (sorted); `node` is its place among the limits of the case."""

    node: int
    arcs: IntArray
    limit_kg: int


@dataclass(frozen=True)
class SideConstraints:
    """Crossing caps in id order, and the lot of every output in kg (0: divisible to the kilogram)."""

    caps: tuple[CrossingCap, ...]
    lot_kg: IntArray

    def lot_arcs(self, problem: Problem) -> IntArray:
        """Return the pair arcs whose output has a lot."""
        return np.flatnonzero(self.lot_kg[problem.arc_output] > 1)


def restricted(side: SideConstraints, arcs: IntArray, outputs: IntArray) -> SideConstraints:
    """Return what binds the given arcs, numbered anew by their places in `arcs`, and the given outputs.

    A cap that loses arcs keeps its limit; one that loses all of them is left out.
    """
    place = np.argsort(arcs, kind="stable")
    caps = []
    for cap in side.caps:
        kept = place[np.flatnonzero(np.isin(arcs[place], cap.arcs))]
        if kept.size:
            caps.append(CrossingCap(cap.node, np.sort(kept), cap.limit_kg))
    return SideConstraints(tuple(caps), side.lot_kg[outputs])


def cap_load_kg(side: SideConstraints, mass_kg: IntArray) -> list[int]:
    """Return the mass under every crossing cap, exact."""
    return [sum(mass_kg[cap.arcs].tolist()) for cap in side.caps]


def split_lots(problem: Problem, side: SideConstraints, mass_kg: IntArray) -> IntArray:
    """Return the pair arcs that carry something, but less than their output's lot."""
    return np.flatnonzero((mass_kg > 0) & (mass_kg < side.lot_kg[problem.arc_output]))


def side_faults(problem: Problem, side: SideConstraints, mass_kg: IntArray) -> list[str]:
    """Return broken crossing caps and split lots, in exact kilograms."""
    faults = [
        f"crossing cap {cap.node} carries {format_tonnes(load)} t of {format_tonnes(cap.limit_kg)} t"
        for cap, load in zip(side.caps, cap_load_kg(side, mass_kg), strict=True)
        if load > cap.limit_kg
    ]
    return faults + [
        f"output {problem.output_ids[i]}: {format_tonnes(mass_kg[a])} t to one outlet is less than "
        f"its lot of {format_tonnes(side.lot_kg[i])} t"
        for a in split_lots(problem, side, mass_kg)[:20].tolist()
        for i in (int(problem.arc_output[a]),)
    ]


def path_room_kg(problem: Problem, side: SideConstraints, mass_kg: IntArray | None = None) -> IntArray:
    """Return how much more each pair can carry before a lane, a limit on its way or a crossing cap is full.

    Without `mass_kg`, of the empty plan. What an output has left is not looked at.
    """
    mass = np.zeros(len(problem.arc_output), dtype=np.int64) if mass_kg is None else mass_kg
    room = problem.tree.limit_kg - problem.tree_load_kg(mass)
    for node in reversed(problem.tree_load_order):
        if (above := int(problem.tree.parent[node])) >= 0:
            room[node] = min(room[node], room[above])
    on_arc: IntArray = np.minimum(problem.arc_limit_kg - mass, room[problem.arc_entry])
    for cap, load in zip(side.caps, cap_load_kg(side, mass), strict=True):
        on_arc[cap.arcs] = np.minimum(on_arc[cap.arcs], cap.limit_kg - load)
    return on_arc


def usable_limit_kg(problem: Problem, side: SideConstraints) -> IntArray:
    """Return the limit of every pair, 0 where no lot of its output could ever pass."""
    lots = side.lot_kg[problem.arc_output]
    too_narrow = path_room_kg(problem, side) < lots
    limits: IntArray = np.where(too_narrow, 0, problem.arc_limit_kg)
    return limits
