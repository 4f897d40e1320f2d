"""Solve a connected part with crossing caps or lots: a lawful plan in whole kilograms and proven bounds.

First the flow without them: where its optimum keeps them, it is the optimum. Otherwise the levels are taken
in order. Each has a bound (`relaxation`) and, while the plan does not reach it, a search for a better plan
(`linear`, `integer`); a better plan sends the search back to the first level it changed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from circularity.units import IntArray
from matching.engines.integer import filled, more_openings, openings, suggest
from matching.engines.linear import whole_kilograms
from matching.engines.linear_model import FloatArray
from matching.engines.relaxation import Relaxed, relax
from matching.flow.problem import LEVELS, TIE_LEVEL, Problem
from matching.flow.side_constraints import SideConstraints, side_faults
from matching.proof.dual_bound import LevelBound

LIMIT_S = 20.0
"""Time for the search in one connected part, by default; bounds and a first plan are always computed."""

FlowSolver = Callable[[Problem], IntArray]


@dataclass(frozen=True)
class SideSolution:
    """Mass per pair, what found it, and one bound per level; no bounds where the flow alone proves it."""

    mass_kg: IntArray
    engine: str
    bounds: tuple[LevelBound, ...] = ()


def solve_with_side(
    problem: Problem, side: SideConstraints, flow: FlowSolver, engine: str, limit_s: float = LIMIT_S
) -> SideSolution:
    """Return a lawful plan of one connected part with bounds on every level.

    `flow` returns the optimal flow of a part whose limits nest, `engine` names what solves it.
    """
    free = flow(problem)
    if not side_faults(problem, side, free):
        return SideSolution(free, engine)
    search = _Search(problem, side, flow, engine, time.monotonic() + limit_s)
    search.consider(search.around(free, gather=True))
    search.run()
    programs = "+".join(sorted({engine, *search.programs}))
    return SideSolution(search.mass_kg, programs, tuple(search.bounds))


class _Search:
    """The best plan so far, and bounds on the levels up to the one that is looked at."""

    def __init__(
        self, problem: Problem, side: SideConstraints, flow: FlowSolver, engine: str, deadline: float
    ) -> None:
        self.problem, self.side = problem, side
        self.mass_kg = np.zeros(len(problem.arc_output), dtype=np.int64)
        self.sums = problem.level_sums(self.mass_kg)
        self.bounds: list[LevelBound] = []
        self.programs = {"glop"}
        self._flow, self._engine, self._deadline = flow, engine, deadline
        self._lots = bool(side.lot_arcs(problem).size)

    @property
    def left_s(self) -> float:
        """Time left for the search."""
        return self._deadline - time.monotonic()

    def run(self) -> None:
        """Bound every level, and improve the plan while it does not reach the bound and time is left."""
        while len(self.bounds) < len(LEVELS):
            level = len(self.bounds)
            relaxed = relax(self.problem, self.side, level, self.sums, self._engine, max(self.left_s, 1.0))
            before = self.sums
            told = self._improve(level, relaxed)
            solver_bound = None if told is None or told <= relaxed.bound else min(told, self.sums[level])
            self.bounds.append(LevelBound(relaxed.bound, relaxed.proof, solver_bound))
            if self.sums != before:
                changed = next(k for k in range(len(LEVELS)) if self.sums[k] != before[k])
                # a bound holds for what the levels before it are worth: those behind the change are void
                del self.bounds[changed + 1 :]

    def consider(self, mass_kg: IntArray) -> bool:
        """Take a plan that is lexicographically better; say whether it was."""
        sums = self.problem.level_sums(mass_kg)
        if sums >= self.sums or side_faults(self.problem, self.side, mass_kg):
            return False
        self.mass_kg, self.sums = mass_kg, sums
        return True

    def around(self, hint_kg: FloatArray | IntArray, *, gather: bool) -> IntArray:
        """Return a lawful plan near the hint."""
        if not self._lots:
            return self._fill(self.problem, self.side, hint_kg)
        opened = openings(self.problem, self.side, hint_kg, gather=gather)
        mass = filled(self.problem, self.side, opened, hint_kg, self._fill)
        while len(more := more_openings(self.problem, self.side, mass, opened)) > len(opened):
            opened = more
            mass = filled(self.problem, self.side, opened, mass, self._fill)
        return mass

    def _fill(self, problem: Problem, side: SideConstraints, hint_kg: FloatArray | IntArray) -> IntArray:
        return whole_kilograms(problem, side, hint_kg, self._flow) if side.caps else self._flow(problem)

    def _improve(self, level: int, relaxed: Relaxed) -> int | None:
        """Look for a better plan while the bound leaves a level open; return the solver's own bound on it."""
        if relaxed.bound >= self.sums[level]:
            return None
        if relaxed.hint_kg is not None:
            self.consider(self.around(relaxed.hint_kg, gather=True))
        if relaxed.bound >= self.sums[level] or self.left_s <= 0 or level == TIE_LEVEL:
            return None
        if (same := self._repeated(level)) is not None:
            return self.bounds[same].solver_bound
        self.programs.add("scip")
        found = suggest(self.problem, self.side, level, self.sums, self.left_s)
        if found is None:
            return None
        self.consider(self.around(found.hint_kg, gather=False))
        return found.solver_bound

    def _repeated(self, level: int) -> int | None:
        """Return the level before that asks for the same, so that searching again would find nothing."""
        arcs = np.arange(len(self.problem.arc_output))
        own = self.problem.coefficient(level, arcs)
        same = (k for k in range(level) if np.array_equal(own, self.problem.coefficient(k, arcs)))
        return next(same, None)
