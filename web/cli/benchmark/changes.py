"""A plan kept through changes: one posting changed, and one in a hundred, against a cold start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from matching.case import Case
from matching.case_tables import Proposals
from matching.plans.plan import make_plan
from matching.plans.rematch import Matched, matched, rematched
from web.cli.benchmark.task import Options, Task

RANDOM_SEED = 1


def one_posting_task(case: Case, options: Options) -> Task:
    """The mass of one output changes."""
    return _task(case, options, lambda _: 1)


def one_percent_task(case: Case, options: Options) -> Task:
    """The masses of one output in a hundred change, a third of them to nothing."""
    return _task(case, options, lambda outputs: max(1, outputs // 100))


def _task(case: Case, options: Options, count: Callable[[int], int]) -> Task:
    """Keep the plan of a case that is proposed already; each run meets the same change of it."""
    arcs = make_plan(case, engine=options.engine, processes=options.processes).arcs
    proposed = case.replace(proposals=Proposals(arcs.output, arcs.capacity))
    live = matched(proposed, engine=options.engine)
    changed = _changed(proposed, count(case.shape[0]))
    return Task(lambda: rematched(live, changed, engine=options.engine), _told)


def _changed(case: Case, count: int) -> Case:
    rng = np.random.default_rng(RANDOM_SEED)
    mass_kg = case.outputs.mass_kg.copy()
    rows = rng.choice(len(mass_kg), count, replace=False)
    mass_kg[rows] = mass_kg[rows] * rng.integers(50, 150, count) // 100
    mass_kg[rows[2::3]] = 0
    return case.replace(outputs=replace(case.outputs, mass_kg=mass_kg))


def _told(after: Matched) -> dict[str, Any]:
    plan = after.plan
    return {
        "arcs": plan.lawful_pairs,
        "engine": plan.engine,
        "placed_kg": plan.placed_kg,
        "note": f"{after.touched} of {len(after.parts)} parts touched",
    }
