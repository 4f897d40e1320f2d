"""The parts of a case planned one after another, or in processes of their own."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from circularity.units import IntArray
from matching.case import Case
from matching.engines.part_solution import PartSolution, solve_part
from matching.engines.side_solve import LIMIT_S
from matching.engines.sided_solution import solve_sided
from matching.pairs.parts import Part, Prepared, prepare, split
from matching.plans.part_plan import PartPlan, tell_part
from matching.proof.optimality import Claim
from matching.proof.parts_proven import proof_faults
from matching.proof.sided_parts import SidedPart, divided
from matching.proof.standing_proof import StandingProof

PHASES = ("eligibility", "solve", "explain", "verify")
"""What is timed in every part."""

PARALLEL_CANDIDATES = 2_000_000
"""With fewer candidates than this everything is done before a process has started."""


@dataclass(frozen=True)
class Planned:
    """The plans of a part, what their certificates fail to prove, and the seconds of its phases.

    There is one plan for what is a flow, and one for each connected part that lots or crossing caps bind.
    """

    plans: list[PartPlan]
    faults: list[str]
    seconds: dict[str, float]


def plan_part(part: Part, engine: str, limit_s: float) -> Planned:
    """Match, price, explain and verify one part; `limit_s` bounds the search wherever lots or caps bind."""
    seconds = dict.fromkeys(PHASES, 0.0)
    began = time.perf_counter()

    def lap(phase: str) -> None:
        nonlocal began
        now = time.perf_counter()
        seconds[phase], began = seconds[phase] + now - began, now

    every = divided(part, part.eligibility())
    lap("eligibility")
    plans, faults = [], []
    for sided in every:
        solution = solved(sided, engine, limit_s)
        lap("solve")
        plans.append(tell_part(sided, solution))
        lap("explain")
        faults += plan_faults(sided, plans[-1])
        lap("verify")
    return Planned(plans, faults, seconds)


def solved(
    sided: SidedPart, engine: str, limit_s: float = LIMIT_S, near: IntArray | None = None
) -> PartSolution:
    """Return the plan of a part, whatever binds it; a flow's search may begin at potentials `near` it."""
    if sided.side:
        return solve_sided(sided, engine, limit_s)
    return solve_part(sided.pairs, engine, near=near)


def plan_faults(sided: SidedPart, plan: PartPlan, standing: StandingProof | None = None) -> list[str]:
    """Return what the certificate of a part's plan fails to prove, with a proof that may be `standing`."""
    return proof_faults(sided, claim_of_part(plan), standing)


def claim_of_part(plan: PartPlan) -> Claim:
    """Return what the plan of a part claims, counted as in the part's problems."""
    return Claim(
        output=plan.pairs.output.astype(np.int64),
        capacity=plan.pairs.capacity.astype(np.int64),
        mass_kg=plan.mass_kg,
        unmatched_kg=plan.unmatched_kg,
        levels=plan.sums,
        potentials=plan.potentials,
        bounds={int(plan.outputs[0]): plan.bounds} if plan.bounds else {},
    )


def plan_parts(
    prepared: Prepared, engine: str, processes: int, limit_s: float
) -> Iterator[tuple[int, int, Planned]]:
    """Yield (parts done, parts in all, a planned part), in no particular order."""
    parts = split(prepared)
    candidates = [part.candidates for part in parts]
    if processes > 1 and len(parts) > 1 and sum(candidates) > PARALLEL_CANDIDATES:
        # spawned, not forked: a forked child would inherit the solver's and the web server's threads
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(prepared.case,))
        with pool:
            wanted = [engine] * len(parts), [limit_s] * len(parts)
            planned = pool.map(_plan_place, range(len(parts)), *wanted, chunksize=1)
            for done, each in enumerate(planned, start=1):
                yield done, len(parts), each
    else:
        for done, part in enumerate(parts, start=1):
            yield done, len(parts), plan_part(part, engine, limit_s)


_parts: list[Part] = []
"""The parts of the case that a worker process was started for."""


def _begin(case: Case) -> None:
    _parts[:] = split(prepare(case))


def _plan_place(place: int, engine: str, limit_s: float) -> Planned:
    return plan_part(_parts[place], engine, limit_s)
