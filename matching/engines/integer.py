"""Lots: which pairs are opened, by a mixed-integer program; what they carry, by the exact flow.

A pair of an output with a lot carries nothing or at least the lot. Once it is decided which of these pairs
are open, their lots are taken off supplies and limits and the rest is a flow (or a program with crossing
caps), solved exactly on every level. The mixed-integer solver's floats decide nothing but where to look: a
pair is only opened where the lot fits in whole kilograms, so a plan always comes back and is always lawful.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array, csr_array, vstack

from circularity.units import IntArray
from matching.engines.linear import Cells, cells_of
from matching.engines.linear_model import FloatArray, answer, linear_model
from matching.flow.problem import Problem
from matching.flow.side_constraints import SideConstraints, cap_load_kg

SAFETY = 1e-6
"""By how much, relative to it, a solver's bound is lowered before it is rounded up to a whole number."""

Filler = Callable[[Problem, SideConstraints, FloatArray | IntArray], IntArray]


@dataclass(frozen=True)
class Suggestion:
    """Masses that a mixed-integer program suggests, and the solver's own bound on the minimised sum."""

    hint_kg: FloatArray
    solver_bound: int


def suggest(
    problem: Problem, side: SideConstraints, level: int, sums: Sequence[int], limit_s: float
) -> Suggestion | None:
    """Return what the mixed-integer program finds for a level within its time; None where it finds nothing.

    Levels before may be at most their `sums`. Whole are the choice to open a pair with a lot, and what each
    cell of the crossing caps carries: with these fixed, the rest is a flow and whole by itself.
    """
    model = linear_model(problem, side, level, sums)
    lots, cells = side.lot_arcs(problem), cells_of(problem, side)
    n_columns, n_lots, n_cells = len(model.most), len(lots), len(cells.entry)
    # a pair with a lot is measured in shares of its limit, so that open and full are both 1
    scale = np.ones(n_columns)
    scale[lots] = np.maximum(model.most[lots], 1.0)
    least = side.lot_kg[problem.arc_output[lots]] / scale[lots]
    whole = _whole_rows(lots, least, cells, scale)
    n_whole = n_lots + n_cells
    flows = model.matrix.multiply(scale[None, :]).tocoo()
    wider = coo_array((flows.data, (flows.row, flows.col)), shape=(flows.shape[0], n_columns + n_whole))
    found = answer(
        replace(
            model,
            matrix=csr_array(vstack([wider, whole])),
            lower=np.concatenate([model.lower, np.full(2 * n_lots, -np.inf), np.zeros(n_cells)]),
            upper=np.concatenate([model.upper, np.zeros(2 * n_lots + n_cells)]),
            cost=np.concatenate([model.cost * scale, np.zeros(n_whole)]),
            most=np.concatenate([model.most / scale, model.most[lots] > 0, np.full(n_cells, np.inf)]),
            first_whole=n_columns,
        ),
        limit_s,
    )
    if found is None:
        return None
    masses = found.values[: len(problem.arc_output)] * scale[: len(problem.arc_output)]
    return Suggestion(masses, math.ceil(found.bound - SAFETY * max(1.0, abs(found.bound))))


def _whole_rows(lots: IntArray, least: FloatArray, cells: Cells, scale: FloatArray) -> csr_array:
    """Return rows over masses, openings and whole cell loads: mass <= opening, lot <= mass, load = cell's.

    The first two are at most 0, the last is 0.
    """
    n_columns, n_lots, n_cells = len(scale), len(lots), len(cells.entry)
    k, z = np.arange(n_lots), np.arange(n_cells)
    bound = np.flatnonzero(cells.of_arc >= 0)
    rows = [k, k, n_lots + k, n_lots + k, 2 * n_lots + cells.of_arc[bound], 2 * n_lots + z]
    columns = [lots, n_columns + k, lots, n_columns + k, bound, n_columns + n_lots + z]
    values = [np.ones(n_lots), -np.ones(n_lots), -np.ones(n_lots), least, scale[bound], -np.ones(n_cells)]
    entries = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
    return coo_array(entries, shape=(2 * n_lots + n_cells, n_columns + n_lots + n_cells)).tocsr()


def openings(
    problem: Problem, side: SideConstraints, hint_kg: FloatArray | IntArray, *, gather: bool
) -> IntArray:
    """Return pairs to open near the hint so that all their lots fit together, exactly; sorted.

    Heaviest hints first. With `gather`, an output that the hint splits too finely gets the outlet where most
    of it went, or else any with room.
    """
    lots = side.lot_arcs(problem)
    wanted = np.asarray(hint_kg[: len(problem.arc_output)], dtype=np.float64)[lots]
    lot = side.lot_kg[problem.arc_output[lots]]
    heaviest = np.argsort(-wanted, kind="stable")
    firm = (wanted >= lot * (1 - SAFETY) - SAFETY) & (wanted > 0)
    opened = _Opened(problem, side)
    for arc in lots[heaviest[firm[heaviest]]].tolist():
        opened.offer(arc)
    if gather:
        opened.offer_once(lots[np.lexsort((-wanted, -lot))])
    return np.array(sorted(opened.arcs), dtype=np.int64)


def more_openings(problem: Problem, side: SideConstraints, mass_kg: IntArray, opened: IntArray) -> IntArray:
    """Return the opened pairs and those whose lots fit beside a plan's mass; one more an output, sorted."""
    added = _Opened(problem, side, mass_kg)
    lots = side.lot_arcs(problem)
    added.offer_once(lots[~np.isin(lots, opened)])
    return np.sort(np.append(opened, np.array(added.arcs, dtype=np.int64)))


class _Opened:
    """Pairs opened so far, and the room that their lots leave."""

    def __init__(self, problem: Problem, side: SideConstraints, mass_kg: IntArray | None = None) -> None:
        taken = np.zeros(len(problem.arc_output), dtype=np.int64) if mass_kg is None else mass_kg
        left = problem.supply_kg.copy()
        np.subtract.at(left, problem.arc_output, taken)
        self.arcs: list[int] = []
        self._problem, self._lot_kg = problem, side.lot_kg
        self._left_kg = left.tolist()
        self._lane_kg = problem.arc_limit_kg - taken
        self._room_kg = (problem.tree.limit_kg - problem.tree_load_kg(taken)).tolist()
        loads = zip(side.caps, cap_load_kg(side, taken), strict=True)
        self._cap_left_kg = [cap.limit_kg - load for cap, load in loads]
        self._caps_of: dict[int, list[int]] = {}
        for place, cap in enumerate(side.caps):
            for arc in cap.arcs.tolist():
                self._caps_of.setdefault(arc, []).append(place)

    def offer_once(self, arcs: IntArray) -> None:
        """Open for every output the first of the given pairs whose lot fits, unless one is open already."""
        served = set(self._problem.arc_output[self.arcs].tolist())
        for arc, output in zip(arcs.tolist(), self._problem.arc_output[arcs].tolist(), strict=True):
            if output not in served and self.offer(arc):
                served.add(output)

    def offer(self, arc: int) -> bool:
        """Open a pair if its lot fits; say whether it did."""
        problem, output = self._problem, int(self._problem.arc_output[arc])
        lot = int(self._lot_kg[output])
        way, node = [], int(problem.arc_entry[arc])
        while node >= 0:
            way.append(node)
            node = int(problem.tree.parent[node])
        caps = self._caps_of.get(arc, [])
        room = min([int(self._lane_kg[arc]), self._left_kg[output],
                    *(self._room_kg[n] for n in way), *(self._cap_left_kg[c] for c in caps)])  # fmt: skip
        if room < lot:
            return False
        self._left_kg[output] -= lot
        for n in way:
            self._room_kg[n] -= lot
        for c in caps:
            self._cap_left_kg[c] -= lot
        self.arcs.append(arc)
        return True


def filled(
    problem: Problem,
    side: SideConstraints,
    opened: IntArray,
    hint_kg: FloatArray | IntArray,
    fill: Filler,
) -> IntArray:
    """Return the best plan in which exactly the opened pairs carry lots: kg per pair.

    `fill` solves what is left when the lots are taken off; its pairs are those without a lot and the opened.
    """
    base = np.zeros(len(problem.arc_output), dtype=np.int64)
    base[opened] = side.lot_kg[problem.arc_output[opened]]
    supply = problem.supply_kg.copy()
    np.subtract.at(supply, problem.arc_output, base)
    limit = np.minimum(problem.arc_limit_kg - base, supply[problem.arc_output])
    closed = side.lot_arcs(problem)
    limit[closed[base[closed] == 0]] = 0
    rest = replace(
        problem,
        supply_kg=supply,
        arc_limit_kg=limit,
        tree=replace(problem.tree, limit_kg=problem.tree.limit_kg - problem.tree_load_kg(base)),
    )
    loads = zip(side.caps, cap_load_kg(side, base), strict=True)
    caps = tuple(replace(cap, limit_kg=cap.limit_kg - load) for cap, load in loads)
    left = SideConstraints(caps, np.zeros_like(side.lot_kg))
    mass: IntArray = base + fill(rest, left, np.maximum(hint_kg[: len(base)] - base, 0))
    return mass
