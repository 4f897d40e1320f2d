"""One call from a case to a verified, priced and explained plan, without any database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from circularity.units import IntArray
from matching.arcs import Arcs, find_arcs
from matching.case import Case
from matching.explain import Unmatched, explain_unmatched
from matching.prices import DualPrices, dual_prices
from matching.problem import LEVELS, Problem, build_problem
from matching.room import Room
from matching.solve import solve
from matching.verify import Claim, check

Progress = Callable[[str, float], None]


class PlanRefusedError(RuntimeError):
    """The engine's own plan failed verification; `faults` says where. Nothing may be stored or written."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults[:5]))
        self.faults = faults


@dataclass(frozen=True)
class LevelValue:
    """A level's value in its own sense, and the proven bound; equal bound means proven optimal."""

    name: str
    value: int
    unit: str
    bound: int


@dataclass(frozen=True)
class Plan:
    """A verified plan: kg on every arc of the case, kg unmatched per output, prices and reasons."""

    case: Case
    arcs: Arcs
    problem: Problem
    mass_kg: IntArray
    unmatched_kg: IntArray
    levels: tuple[LevelValue, ...]
    prices: DualPrices
    reasons: Unmatched
    engine: str
    status: str = "optimal"
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def placed_kg(self) -> int:
        """Mass with an outlet, now or after procedures."""
        return int(self.mass_kg.sum())

    @property
    def can_move_today_kg(self) -> int:
        """Mass on pairs that need no procedure first; the rest of the placed mass moves after procedures."""
        return int(self.mass_kg[self.arcs.conditions == 0].sum())

    @property
    def claim(self) -> Claim:
        """What the plan claims, for the checker and the certificate."""
        values = tuple(level.value for level in self.levels)
        return Claim(self.mass_kg, self.unmatched_kg, values, self.prices.potentials)


def make_plan(
    case: Case, *, engine: str = "auto", processes: int = 1, progress: Progress | None = None
) -> Plan:
    """Return the optimal plan of a case, verified.

    `progress` is called with a phase name and its share done (0 to 1). Raises PlanRefusedError when the
    result does not verify, InvalidCase for crossing caps, NotProvenError and OverflowError from the engines.
    """
    clock = _Clock(progress)
    with clock.phase("eligibility"):
        arcs = find_arcs(case)
    with clock.phase("problem"):
        problem = build_problem(case, arcs)
    with clock.phase("solve"):
        solution = solve(problem, engine, processes, clock.share("solve"))
    unmatched = case.outputs.mass_kg.copy()
    np.subtract.at(unmatched, arcs.output, solution.mass_kg)
    with clock.phase("prices"):
        try:
            prices = dual_prices(problem, solution.mass_kg)
        except ArithmeticError as error:
            raise PlanRefusedError([str(error)]) from error
    sums = problem.level_sums(solution.mass_kg)
    values = tuple(level.value(total) for level, total in zip(LEVELS, sums, strict=True))
    with clock.phase("verify"):
        claim = Claim(solution.mass_kg, unmatched, values, prices.potentials)
        if faults := check(case, arcs, problem, claim):
            raise PlanRefusedError(faults)
    with clock.phase("explain"):
        reasons = explain_unmatched(case, arcs, unmatched, Room.left_by(problem, solution.mass_kg))
    levels = tuple(
        LevelValue(level.name, value, level.unit, bound=value)
        for level, value in zip(LEVELS, values, strict=True)
    )
    return Plan(
        case=case,
        arcs=arcs,
        problem=problem,
        mass_kg=solution.mass_kg,
        unmatched_kg=unmatched,
        levels=levels,
        prices=prices,
        reasons=reasons,
        engine="+".join(solution.engines) or "none",
        seconds=clock.seconds,
    )


class _Clock:
    """Times the phases and passes them on to whoever watches."""

    def __init__(self, progress: Progress | None) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time the block as one phase."""
        self.share(name)(0.0)
        began = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - began, 3)
        self.share(name)(1.0)

    def share(self, name: str) -> Callable[[float], None]:
        """Return the callback that reports how much of a phase is done."""
        progress = self._progress
        return (lambda done: progress(name, done)) if progress else (lambda _done: None)
