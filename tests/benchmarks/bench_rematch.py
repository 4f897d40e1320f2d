"""One posting, and one in a hundred, changed in a database of 10,000 × 500: read, matched again, stored.

Run: .venv/bin/python tests/benchmarks/bench_rematch.py [--outputs N] [--capacities M] [--runs R]
     [--database FILE]

The database is made through the public verbs and kept where --database names a file. Every run withdraws lots
and publishes; the median is told, by the clock and by the processor. Read is the time of the database; match
and store are the engine's. On a busy machine read the processor's figures.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Engine, select

from circularity.audit import Actor
from circularity.database import create_engine_for, reading, upgrade, writing
from circularity.registry.outputs import Output, withdraw_output
from circularity.runs.stored import MatchingRun, latest_run
from matching.database import live_run
from matching.database.live_run import LiveMatching
from seed.generate_delta import generate_delta
from seed.story import play

ACTOR = Actor("bench", None, "system")
Times = dict[str, list[tuple[float, float]]]


def made(url: str, outputs: int, capacities: int, at: datetime) -> Engine:
    """Return an engine on the database, filled where it is empty."""
    engine = create_engine_for(url)
    upgrade(engine)
    with reading(engine)() as session:
        empty = session.scalar(select(Output.id).limit(1)) is None
    if empty:
        with writing(engine).begin() as session:
            play(session, generate_delta(outputs, capacities=capacities), at=at)
    return engine


def withdraw(engine: Engine, at: datetime, lots: int) -> None:
    """Withdraw so many lots of those that stand."""
    with writing(engine).begin() as session:
        wanted = select(Output).where(Output.withdrawn_at.is_(None)).order_by(Output.public_id).limit(lots)
        for output in session.scalars(wanted):
            withdraw_output(session, actor=ACTOR, at=at, output=output)


@contextmanager
def timed(name: str, times: Times) -> Iterator[None]:
    """Note milliseconds by the clock and by the processor."""
    began = time.perf_counter(), time.process_time()
    yield
    ended = time.perf_counter(), time.process_time()
    times.setdefault(name, []).append((1000 * (ended[0] - began[0]), 1000 * (ended[1] - began[1])))


def watched(times: Times) -> None:
    """Time the phases of a live run where they are called."""

    def wrap(name: str, phase: str) -> None:
        act: Callable[..., Any] = getattr(live_run, name)

        def told(*arguments: Any, **options: Any) -> Any:
            with timed(phase, times):
                return act(*arguments, **options)

        setattr(live_run, name, told)

    wrap("rematched", "match")
    wrap("publish_in", "store")


def main() -> None:
    """Print milliseconds by phase after one and after one in a hundred changed postings."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--outputs", type=int, default=10_000)
    parser.add_argument("--capacities", type=int, default=500)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--database", type=Path)
    options = parser.parse_args()
    at, times = datetime.now(UTC), Times()
    with tempfile.TemporaryDirectory() as folder:
        file = options.database or Path(folder) / "bench.db"
        engine = made(f"sqlite:///{file}", options.outputs, options.capacities, at)
        live = LiveMatching(engine)
        watched(times)
        for _ in range(2):  # the second run finds proposals to keep, which touches every part once
            with timed("first runs", times):
                live.run(actor=ACTOR, at=at)
        print(f"cold {times['first runs'][0][0]:,.0f} ms, first warm {times['first runs'][1][0]:,.0f} ms")
        for lots in (1, options.outputs // 100):
            times.clear()
            touched = []
            for _ in range(options.runs):
                withdraw(engine, at, lots)
                gc.collect()
                with timed("whole", times):
                    live.run(actor=ACTOR, at=at)
                touched.append(live.touched)
            tell(engine, lots, times, touched)
        engine.dispose()


def tell(engine: Engine, lots: int, times: Times, touched: list[int | None]) -> None:
    """Print the medians of one kind of change."""
    for run in range(len(times["whole"])):
        whole, match, store = (times[name][run] for name in ("whole", "match", "store"))
        times.setdefault("read", []).append((whole[0] - match[0] - store[0], whole[1] - match[1] - store[1]))
        times.setdefault("match + store", []).append((match[0] + store[0], match[1] + store[1]))
    with reading(engine)() as session:
        last = latest_run(session)
        assert isinstance(last, MatchingRun)
        print(f"{lots:,} changed; parts matched anew {touched}; the last run: {last.figures['changes']}")
    for phase in ("read", "match", "store", "match + store"):
        clock, processor = (median(column) for column in zip(*times[phase], strict=True))
        print(f"  {phase:<14} {clock:8.1f} ms by the clock {processor:8.1f} ms by the processor")


if __name__ == "__main__":
    main()
