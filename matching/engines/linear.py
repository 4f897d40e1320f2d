"""Caps that cross the tree, in whole kilograms: each is shared out to the limits under which its pairs enter.

Pairs that enter the tree at one limit and lie in the same crossing caps form a cell. Once every cell has a
share of its own in whole kilograms, shares of a cap adding up to no more than its limit, cells nest and the
rest is a flow, solved exactly on every level. So a plan is lawful by construction; only the shares come from
a linear program's floats, and what they lose against the proven bound is stated.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from circularity.units import IntArray
from matching.engines.linear_model import FloatArray
from matching.flow.cap_tree import CapTree
from matching.flow.prices import dual_prices
from matching.flow.problem import Problem
from matching.flow.side_constraints import SideConstraints

ROUNDS = 10
"""How often what no cell uses is offered to the cell that gains most."""

NEARLY_KG, NEARLY = 1e-6, 1e-12
"""A share this close below a whole kilogram, absolute or relative to its size, is that kilogram."""

FlowSolver = Callable[[Problem], IntArray]


@dataclass(frozen=True)
class Cells:
    """Cells of pairs: each pair's cell or -1, the limit where each cell enters, its caps' places."""

    of_arc: IntArray
    entry: IntArray
    caps: tuple[tuple[int, ...], ...]

    def left_kg(self, side: SideConstraints, share_kg: list[int]) -> list[int]:
        """Return what the shares leave of every crossing cap."""
        left = [cap.limit_kg for cap in side.caps]
        for caps, share in zip(self.caps, share_kg, strict=True):
            for place in caps:
                left[place] -= share
        return left


def cells_of(problem: Problem, side: SideConstraints) -> Cells:
    """Return the cells of a problem's pairs under its crossing caps."""
    member = np.zeros((len(problem.arc_output), len(side.caps)), dtype=bool)
    for place, cap in enumerate(side.caps):
        member[cap.arcs, place] = True
    bound = np.flatnonzero(member.any(axis=1))
    keys = np.column_stack([problem.arc_entry[bound], member[bound].astype(np.int64)])
    distinct, cell = np.unique(keys, axis=0, return_inverse=True)
    of_arc = np.full(len(problem.arc_output), -1, dtype=np.int64)
    of_arc[bound] = cell.ravel()
    caps = tuple(tuple(np.flatnonzero(row[1:]).tolist()) for row in distinct)
    return Cells(of_arc, distinct[:, 0], caps)


def whole_kilograms(
    problem: Problem, side: SideConstraints, hint_kg: FloatArray | IntArray | None, solver: FlowSolver
) -> IntArray:
    """Return a lawful plan near the hint: kg per pair, every crossing cap kept to the kilogram.

    `solver` finds the optimal flow of a problem whose limits nest. Without a hint shares start at nothing.
    """
    cells = cells_of(problem, side)
    share = _shares(cells, side, hint_kg)
    mass = solver(_nested(problem, cells, share))
    for _ in range(ROUNDS):
        used = _loads(cells, mass)
        left = cells.left_kg(side, used)
        best = _most_wanted(problem, cells, used, left, mass)
        if best is None:
            break
        used[best] += min(left[place] for place in cells.caps[best])
        mass = solver(_nested(problem, cells, used))
    return mass


def _loads(cells: Cells, mass_kg: IntArray) -> list[int]:
    load = np.zeros(len(cells.entry), dtype=np.int64)
    bound = cells.of_arc >= 0
    np.add.at(load, cells.of_arc[bound], mass_kg[bound])
    return [int(kg) for kg in load]


def _shares(cells: Cells, side: SideConstraints, hint_kg: FloatArray | IntArray | None) -> list[int]:
    """Return whole shares near the hint; what rounding leaves over goes where most was cut off."""
    wanted = np.zeros(len(cells.entry))
    if hint_kg is not None:
        bound = cells.of_arc >= 0
        np.add.at(wanted, cells.of_arc[bound], np.maximum(hint_kg[: len(cells.of_arc)][bound], 0))
    share = [math.floor(kg + max(NEARLY_KG, NEARLY * kg)) for kg in wanted.tolist()]
    left = cells.left_kg(side, share)
    for cell, caps in enumerate(cells.caps):
        over = max(0, -min(left[place] for place in caps))
        share[cell] -= (cut := min(over, share[cell]))
        for place in caps:
            left[place] += cut
    rest = wanted - np.array(share, dtype=np.float64)
    for cell in np.argsort(-rest, kind="stable").tolist():
        more = 1 if rest[cell] > NEARLY_KG else 0
        if min(left[place] for place in cells.caps[cell]) >= more:
            share[cell] += more
            for place in cells.caps[cell]:
                left[place] -= more
    return share


def _nested(problem: Problem, cells: Cells, share_kg: list[int]) -> Problem:
    """Return the problem with every cell as a limit of its own below the one where it enters."""
    n_tree = len(problem.tree.parent)
    entry = np.where(cells.of_arc >= 0, cells.of_arc + n_tree, problem.arc_entry)
    tree = CapTree(
        np.concatenate([problem.tree.limit_kg, np.array(share_kg, dtype=np.int64)]),
        np.concatenate([problem.tree.parent, cells.entry]),
        origin_entries=(),
    )
    return replace(problem, arc_entry=entry, tree=tree)


def _most_wanted(
    problem: Problem, cells: Cells, share_kg: list[int], left_kg: list[int], mass_kg: IntArray
) -> int | None:
    """Return the cell whose next kilogram improves the levels most, of those that could still have one.

    The plan stays optimal when shares shrink to what it uses, so prices of these are exact.
    """
    open_cells = [k for k, caps in enumerate(cells.caps) if min(left_kg[place] for place in caps) > 0]
    if not open_cells:
        return None
    change = dual_prices(_nested(problem, cells, share_kg), mass_kg).change
    first = len(problem.tree.parent)
    vectors = {k: tuple(int(value) for value in change[:, first + k]) for k in open_cells}
    best = min(open_cells, key=lambda k: vectors[k])
    return best if vectors[best] < (0,) * len(vectors[best]) else None
