"""A whole region from the database to stored, verified proposals, beside the same case matched from arrays.

Run: .venv/bin/python tests/benchmarks/bench_database.py [--outputs N] [--capacities M] [--groups G]
     [--processes P] [--runs R] [--on sqlite|postgresql] [--database FILE]

The generated case is written in bulk (kept where --database names a file), then `run_matching` runs on it:
the first run stores everything, a second one finds it all there. Told are the seconds of its phases, the
most memory that this process and its children held at once (shared pages counted in each), and how long the
whole takes for one second of matching the same case from arrays. Seconds are of the clock: a busy machine
makes them longer, the ratio less so; the processor's seconds, children's included, tell what was worked.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from case_database import AT, fill
from durable_databases import NAMES, durable
from sqlalchemy import Engine, select

from circularity.audit import Actor
from circularity.database import create_engine_for, reading, upgrade
from circularity.registry.outputs import Output
from circularity.runs.stored import MatchingRun
from matching.database import run
from seed.generate import generate_case
from web.cli.benchmark.memory import KB_PER_MB, tree_kb

ACTOR = Actor("bench", None, "system")
PHASES = {
    "read_snapshot": "read", "with_open_proposals": "read open proposals", "make_plan": "match from arrays",
    "rows_of": "rows", "publish": "compare and store",
}  # fmt: skip


def watched(seconds: dict[str, float]) -> None:
    """Time the phases of a run where they are called."""

    def wrap(name: str) -> None:
        act: Callable[..., Any] = getattr(run, name)

        def told(*arguments: Any, **options: Any) -> Any:
            began = time.perf_counter()
            try:
                return act(*arguments, **options)
            finally:
                seconds[PHASES[name]] = seconds.get(PHASES[name], 0.0) + time.perf_counter() - began

        setattr(run, name, told)

    for name in PHASES:
        wrap(name)


@contextmanager
def peak_of(found: list[int]) -> Iterator[None]:
    """Note the most kB that this process and its children held at once."""
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.1):
            found.append(tree_kb(os.getpid()))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield
    finally:
        ended.set()
        looking.join()


def measure(engine: Engine, case_parameters: Any, options: argparse.Namespace) -> None:
    """Run the matching so often, each time telling what it took."""
    seconds: dict[str, float] = {}
    watched(seconds)
    for _ in range(options.runs):
        seconds.clear()
        held: list[int] = []
        began, worked = time.perf_counter(), sum(os.times()[:4])
        with peak_of(held):
            key = run.run_matching(
                engine, actor=ACTOR, at=AT, parameters=case_parameters, processes=options.processes
            )
        whole = time.perf_counter() - began
        with reading(engine)() as session:
            tell(session.get_one(MatchingRun, key), seconds, whole, max(held, default=0))
        print(f"  processor {sum(os.times()[:4]) - worked:.1f} s over all processes")


def tell(stored: MatchingRun, seconds: dict[str, float], whole: float, peak_kb: int) -> None:
    """Print what one run took and what it stored."""
    changes, matched = stored.figures["changes"], seconds["match from arrays"]
    of_match = ", ".join(f"{phase} {taken:.1f}" for phase, taken in stored.figures["seconds"].items())
    print(f"run {stored.id}: {stored.status}, {stored.placed_kg / 1000:,.0f} t placed, {changes}")
    for phase, taken in seconds.items():
        print(f"  {phase:<20} {taken:8.2f} s" + (f"  ({of_match})" if taken == matched else ""))
    committed = whole - sum(seconds.values())
    print(f"  {'commit and the rest':<20} {committed:8.2f} s")
    print(f"  whole {whole:.1f} s = {whole / matched:.2f} × from arrays; peak {peak_kb / KB_PER_MB:,.0f} MB")


def main() -> None:
    """Make the database and tell what runs on it take."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--outputs", type=int, default=50_000)
    parser.add_argument("--capacities", type=int, default=2_000)
    parser.add_argument("--groups", type=int, default=50)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--on", choices=NAMES, default="sqlite")
    parser.add_argument("--database", type=Path)
    options = parser.parse_args()
    case = generate_case(options.outputs, options.capacities, options.groups)
    named = nullcontext(f"sqlite:///{options.database}") if options.database else durable(options.on)
    with named as url:
        engine = create_engine_for(url)
        upgrade(engine)
        with reading(engine)() as session:
            empty = session.scalar(select(Output.id).limit(1)) is None
        if empty:
            began = time.perf_counter()
            fill(engine, case)
            print(f"written in bulk in {time.perf_counter() - began:.1f} s")
        parameters = case.parameters
        del case
        measure(engine, parameters, options)
        engine.dispose()


if __name__ == "__main__":
    main()
