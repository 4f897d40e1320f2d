"""A plain script: geopy's geodesic in a loop over all pairs of the same group, then networkx's simplex.

Its distances are reckoned from a sample where the loop takes minutes; the simplex runs or is left out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from geopy.distance import geodesic

from matching.case import Case
from web.cli.benchmark.solvers import solver_task
from web.cli.benchmark.standard_case import capacities_by_code, group_pairs
from web.cli.benchmark.task import LeftOut, Options, Task

E7 = 10_000_000
WHOLE_PAIRS, MOST_WHOLE_PAIRS = 30_000, 2_000_000
"""Up to the first number of pairs both run whole always, up to the second only when asked for."""

SAMPLE_PAIRS = 10_000


def geodesic_task(case: Case, options: Options) -> Task:
    """All pairs of the same group, or so many of them taken at random, from which the whole is reckoned."""
    pairs = group_pairs(case)
    whole = pairs <= _most_pairs(options)
    sample = pairs if whole else SAMPLE_PAIRS

    def run() -> float:
        return _seconds(_points(case) if whole else _random_points(case, sample))

    def facts(seconds: float) -> dict[str, Any]:
        if whole:
            return {"pairs": pairs}
        note = f"extrapolated from {sample:,} of {pairs:,} pairs"
        return {
            "pairs": pairs,
            "sample_pairs": sample,
            "extrapolated": True,
            "seconds": seconds * pairs / sample,
            "note": note,
        }

    return Task(run, facts, once=sample > WHOLE_PAIRS)


def networkx_task(case: Case, options: Options) -> Task:
    """One network simplex over the lawful pairs, with the levels as weights."""
    pairs = group_pairs(case)
    if pairs > MOST_WHOLE_PAIRS:
        raise LeftOut(f"{pairs:,} pairs are more than it can take")
    if pairs > _most_pairs(options):
        raise LeftOut("takes minutes; ask with --naive")
    return solver_task(case, "networkx", once=pairs > WHOLE_PAIRS)


def _most_pairs(options: Options) -> int:
    return MOST_WHOLE_PAIRS if options.whole_script else WHOLE_PAIRS


Point = tuple[float, float]


def _seconds(points: Iterator[tuple[Point, Point]]) -> float:
    began = time.perf_counter()
    for here, there in points:
        _ = geodesic(here, there).m
    return time.perf_counter() - began


def _points(case: Case) -> Iterator[tuple[Point, Point]]:
    """Yield the ends of every pair of the same group, as a nested loop would."""
    here, there = _degrees(case.outputs), _degrees(case.facilities)
    facility = case.capacities.facility.tolist()
    of_code = {code: rows.tolist() for code, rows in capacities_by_code(case).items()}
    for i, code in enumerate(case.outputs.waste_code.tolist()):
        for j in of_code[code]:
            yield here[i], there[facility[j]]


def _random_points(case: Case, count: int) -> Iterator[tuple[Point, Point]]:
    """Yield so many pairs of the same group, every pair as likely as any other."""
    random = np.random.default_rng(1)
    here, there = _degrees(case.outputs), _degrees(case.facilities)
    of_code = capacities_by_code(case)
    degree = np.array([len(of_code[code]) for code in case.outputs.waste_code.tolist()])
    chosen = random.choice(len(degree), size=count, p=degree / degree.sum())
    for i, share in zip(chosen.tolist(), random.random(count).tolist(), strict=True):
        j = of_code[str(case.outputs.waste_code[i])][int(share * degree[i])]
        yield here[i], there[int(case.capacities.facility[j])]


def _degrees(table: Any) -> list[Point]:
    return list(zip((table.lat_e7 / E7).tolist(), (table.lon_e7 / E7).tolist(), strict=True))
