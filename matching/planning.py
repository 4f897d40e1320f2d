"""The parts of a case planned one after another, or in processes of their own."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from matching.case import Case
from matching.optimality import Claim, optimality_faults
from matching.part_plan import PartPlan, tell_part
from matching.part_solution import solve_part
from matching.parts import Part, Prepared, prepare, split

PHASES = ("eligibility", "solve", "explain", "verify")
"""What is timed in every part."""

PARALLEL_CANDIDATES = 2_000_000
"""With fewer candidates than this everything is done before a process has started."""


@dataclass(frozen=True)
class Planned:
    """A part's plan, what its certificate fails to prove, and the seconds of its phases."""

    plan: PartPlan
    faults: list[str]
    seconds: dict[str, float]


def plan_part(part: Part, engine: str) -> Planned:
    """Match, price, explain and verify one part."""
    seconds: dict[str, float] = {}
    began = time.perf_counter()

    def lap(phase: str) -> None:
        nonlocal began
        now = time.perf_counter()
        seconds[phase], began = now - began, now

    found = part.eligibility()
    lap("eligibility")
    solution = solve_part(part, found.pairs, engine)
    lap("solve")
    plan = tell_part(part, found, solution)
    lap("explain")
    faults = plan_faults(part, plan)
    lap("verify")
    return Planned(plan, faults, seconds)


def plan_faults(part: Part, plan: PartPlan) -> list[str]:
    """Return what the certificate of a part's plan fails to prove."""
    claim = Claim(
        output=plan.pairs.output.astype(np.int64),
        capacity=plan.pairs.capacity.astype(np.int64),
        mass_kg=plan.mass_kg,
        unmatched_kg=plan.unmatched_kg,
        levels=plan.sums,
        potentials=plan.potentials,
    )
    return optimality_faults(part, claim)


def plan_parts(prepared: Prepared, engine: str, processes: int) -> Iterator[tuple[int, int, Planned]]:
    """Yield (parts done, parts in all, a planned part), in no particular order."""
    parts = split(prepared)
    candidates = [part.candidates for part in parts]
    if processes > 1 and len(parts) > 1 and sum(candidates) > PARALLEL_CANDIDATES:
        # spawned, not forked: a forked child would inherit the solver's and the web server's threads
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(prepared.case,))
        with pool:
            planned = pool.map(_plan_place, range(len(parts)), [engine] * len(parts), chunksize=1)
            for done, each in enumerate(planned, start=1):
                yield done, len(parts), each
    else:
        for done, part in enumerate(parts, start=1):
            yield done, len(parts), plan_part(part, engine)


_parts: list[Part] = []
"""The parts of the case that a worker process was started for."""


def _begin(case: Case) -> None:
    _parts[:] = split(prepare(case))


def _plan_place(place: int, engine: str) -> Planned:
    return plan_part(_parts[place], engine)
