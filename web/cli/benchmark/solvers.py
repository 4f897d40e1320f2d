"""Bare solvers: one global flow over the lawful pairs that carries the levels as weights, and nothing else.

This is what a plain script would do once somebody has given it the lawful pairs: no candidates, no split, no
tie level, no proof, no prices, no reasons. The weights are large, not proven to keep the order of the levels,
so the sums of the levels are compared afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from circularity.units import IntArray
from matching.case import Case
from matching.engines.network_flow import ENGINES
from matching.flow.network import network_of
from matching.flow.problem import LEVELS, Problem
from matching.pairs.parts import build_problem
from web.cli.benchmark.standard_case import group_pairs
from web.cli.benchmark.task import LeftOut, Options, Task

WEIGHTS = (10**11, 10**10, 10**9, 10**7, 1)
MOST_PAIRS = 20_000_000
"""Above this one global flow takes more memory than the machines that this is compared on."""


def ortools_task(case: Case, _: Options) -> Task:
    """One OR-Tools min-cost flow."""
    return solver_task(case, "ortools")


def lemon_task(case: Case, _: Options) -> Task:
    """One LEMON network simplex, where the extra is installed."""
    if "lemon" not in ENGINES:
        raise LeftOut("not installed: circularity[fast]")
    return solver_task(case, "lemon")


def lawful_problem(case: Case) -> Problem:
    """Return the problem with every lawful pair in memory; raises LeftOut where they are too many."""
    pairs = group_pairs(case)
    if pairs > MOST_PAIRS:
        raise LeftOut(f"{pairs:,} pairs to hold in memory, more than {MOST_PAIRS:,}")
    return build_problem(case)


def solver_task(case: Case, engine: str, *, once: bool = False) -> Task:
    """Return the task of one weighted flow by the named engine; raises LeftOut as `lawful_problem` does."""
    problem = lawful_problem(case)
    return Task(partial(weighted_flow, problem, engine), _told(problem), once)


def weighted_flow(problem: Problem, engine: str) -> IntArray:
    """Return the masses on the pairs by one flow of the named engine over all levels up to the cost."""
    network = network_of(problem)
    cost = np.zeros(len(network.tail), dtype=np.int64)
    for weight, coefficients in zip(WEIGHTS, problem.coefficients, strict=False):
        cost[: network.pair_arcs] += weight * coefficients.astype(np.int64)
    flow = ENGINES[engine](network.tail, network.head, network.limit_kg, cost, network.supply_kg)
    return flow[: network.pair_arcs]


def _told(problem: Problem) -> Callable[[IntArray], dict[str, Any]]:
    def told(mass_kg: IntArray) -> dict[str, Any]:
        sums = problem.level_sums(mass_kg)[: len(WEIGHTS)]
        names = (level.name for level in LEVELS)
        values = (level.value(total) for level, total in zip(LEVELS, sums, strict=False))
        return {"arcs": len(mass_kg), "levels": dict(zip(names, values, strict=False))}

    return told
