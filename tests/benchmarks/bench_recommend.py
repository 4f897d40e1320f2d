"""The best 20 outlets for one output among 5,000 capacities, from a live snapshot: p50 and p99 by part.

Run: .venv/bin/python tests/benchmarks/bench_recommend.py [--capacities M] [--outputs N] [--calls C]
     [--database FILE]

The database is made through the public verbs and kept where --database names a file. Every call opens a
session of its own, as a request does, and includes the look at the audit chain, the output's row, all rules,
the ranking, the loss, and the windows' rows. On a busy machine read the processor's figures.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from circularity.audit import Actor
from circularity.database import create_engine_for, reading, upgrade, writing
from circularity.registry.entitlements import CapacityWindow
from circularity.registry.outputs import Output
from circularity.runs.stored import latest_run
from matching.advice.recommending import Recommendation, outlets_for_output
from matching.database.run import run_matching
from matching.database.snapshot_live import LiveReceivers
from seed.generate_delta import generate_delta
from seed.story import play

PARTS: dict[str, tuple[str, str]] = {
    "database: audit chain": ("snapshot_live.py", "at"),
    "database: the output": ("snapshot.py", "read_outputs"),
    "database: the windows": ("snapshot_live.py", "windows"),
    "rules, distances, costs": ("eligibility.py", "eligibility"),
    "level coefficients": ("ranking.py", "changes_of"),
    "ranking": ("ranking.py", "best_first"),
    "days and parts of the best": ("arcs.py", "arcs_of"),
    "loss": ("recommending.py", "price"),
    "conditions in words": ("recommending.py", "_findings"),
}
"""Functions whose time is told as a share of all."""


def made(url: str, outputs: int, capacities: int, at: datetime) -> Engine:
    """Return an engine on the database, filled and matched once where it is empty."""
    engine = create_engine_for(url)
    upgrade(engine)
    with writing(engine).begin() as session:
        play(session, generate_delta(outputs, capacities=capacities), at=at)
    with reading(engine)() as session:
        run = latest_run(session)
    if run is None:
        run_matching(engine, actor=Actor("bench", None, "system"), at=at)
    return engine


def timed_calls(
    sessions: sessionmaker[Session], keys: list[int], ask: Callable[[Session, Output], list[Recommendation]]
) -> tuple[npt.NDArray[np.float64], float]:
    """Return milliseconds of every call by the clock and by the processor, and how many outlets each told."""
    taken: list[tuple[float, float]] = []
    told = 0
    for key in keys:
        with sessions() as session:
            output = session.get_one(Output, key)
            began = time.perf_counter(), time.thread_time()
            told += len(ask(session, output))
            ended = time.perf_counter(), time.thread_time()
            taken.append((1000 * (ended[0] - began[0]), 1000 * (ended[1] - began[1])))
    return np.array(taken).T, told / len(keys)


def shares(profile: cProfile.Profile) -> dict[str, float]:
    """Return each part's share of the time of a profile."""
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]  # the class is known here
    found = {(Path(file).name, name): row[3] for (file, _, name), row in stats.items()}
    whole = found["recommending.py", "outlets_for_output"]
    return {part: found.get(key, 0.0) / whole for part, key in PARTS.items()}


def main() -> None:
    """Print milliseconds of the first call and of many, and the share of each part."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--capacities", type=int, default=5_000)
    parser.add_argument("--outputs", type=int, default=2_000)
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--database", type=Path)
    options = parser.parse_args()
    at = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        file = options.database or Path(folder) / "bench.db"
        engine = made(f"sqlite:///{file}", options.outputs, options.capacities, at)
        sessions = reading(engine)
        live = LiveReceivers()

        def ask(session: Session, output: Output) -> list[Recommendation]:
            return outlets_for_output(live, session, output, at=at)

        with sessions() as session:
            known = list(session.scalars(select(Output.id)))
            windows = session.scalar(select(func.count()).select_from(CapacityWindow))
        keys = random.Random(1).choices(known, k=options.calls)
        first, _ = timed_calls(sessions, keys[:1], ask)
        timed_calls(sessions, keys[:50], ask)
        taken, told = timed_calls(sessions, keys, ask)
        profile = cProfile.Profile()
        profile.enable()
        timed_calls(sessions, keys[:300], ask)
        profile.disable()
        engine.dispose()
    print(f"{windows:,} windows, {len(known):,} outputs, {len(keys):,} calls, {told:.1f} outlets each")
    print(f"first call, snapshot read  {first[0, 0]:8.1f} ms")
    for clock, milliseconds in zip(("by the clock", "by the processor"), taken, strict=True):
        p50, p99, worst = np.percentile(milliseconds, [50, 99, 100]).tolist()
        print(f"calls after it, {clock:<16}  {p50:6.2f} ms p50  {p99:.2f} ms p99  {worst:.2f} ms worst")
    for part, share in shares(profile).items():
        print(f"  {part:<26}  {share:6.0%}")


if __name__ == "__main__":
    main()
