"""Folder to written, verified plan at 10,000 outputs × 500 capacities, and a bare solver on the same arcs.

Run: .venv/bin/python tests/benchmarks/bench_match.py [--outputs N] [--capacities M] [--groups G] [--repeat R]

Machines are shared and noisy: compare the ratios of one run, not the seconds of two.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np

from matching.arcs import find_arcs
from matching.case_files import read_case, write_case
from matching.network import network_of
from matching.network_flow import ortools_flow
from matching.plan import make_plan
from matching.plan_files import write_plan
from matching.plan_verification import verify_written_plan
from matching.problem import Problem, build_problem
from seed.generate import generate_case

WEIGHTS = (10**11, 10**10, 10**9, 10**7, 1)


def timed(run: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def bare_solve(problem: Problem) -> None:
    """Solve one global flow that carries the first five levels as weights: no split, proof, prices, reasons.

    The weights are merely large, not proven to keep the order; this is what a plain script would do.
    """
    network = network_of(problem)
    cost = np.zeros(len(network.tail), dtype=np.int64)
    for weight, coefficients in zip(WEIGHTS, problem.coefficients, strict=True):
        cost[: network.pair_arcs] += weight * coefficients.astype(np.int64)
    ortools_flow(network.tail, network.head, network.limit_kg, cost, network.supply_kg)


def main() -> None:
    """Print seconds by phase, the ratio to the bare solver, and the peak memory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--outputs", type=int, default=10_000)
    parser.add_argument("--capacities", type=int, default=500)
    parser.add_argument("--groups", type=int, default=10)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "case", Path(folder) / "plan"
        write_case(generate_case(options.outputs, options.capacities, options.groups), source)
        began = time.perf_counter()
        case = read_case(source).case
        read = time.perf_counter() - began
        plan = make_plan(case)
        reading = {
            "friendly": False, "only_lanes": False, "max_distance_m": None, "facilities_from": None,
            "as_of": date.fromordinal(case.parameters.as_of_day).isoformat(),
        }  # fmt: skip
        write = timed(lambda: write_plan(plan, target, reading))
        whole = time.perf_counter() - began
        verify = timed(lambda: verify_written_plan(source, target))
        problem = build_problem(case, find_arcs(case))
        product = statistics.median(timed(lambda: make_plan(case)) for _ in range(options.repeat))
        bare = statistics.median(timed(lambda: bare_solve(problem)) for _ in range(options.repeat))
    print(
        f"{case.shape[0]:,} outputs × {case.shape[1]:,} capacities, {len(problem.arc_output):,} lawful pairs"
    )
    print(f"folder to written, verified plan  {whole:7.2f} s   (read {read:.2f}, write {write:.2f})")
    for phase, seconds in plan.seconds.items():
        print(f"  {phase:<30}  {seconds:7.2f} s")
    print(f"independent verify of the files   {verify:7.2f} s")
    print(f"arrays to verified, explained     {product:7.2f} s   (median of {options.repeat})")
    print(f"bare OR-Tools, one weighted flow  {bare:7.2f} s   ratio {product / bare:.2f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"peak memory                       {peak / 1024:7.0f} MB")


if __name__ == "__main__":
    main()
