"""Acceptances that all want one capacity, on both databases: p50 and p99, processor time, exactly what fits.

Run: PYTHONPATH=tests .venv/bin/python tests/benchmarks/bench_acceptance.py
     [--writers W] [--deals D] [--processes P] [--threads T] [--on sqlite|postgresql]

First one writer accepts alone, as the base of all ratios; then W writers at once, D offers each, without a
pause. They ask P processes, each with T threads and the connections of its pool, as `circularity serve` is
asked: with more writers than threads some wait for a thread, and that is counted. All are about one window
below the limits of a line, two lines together, an entitlement and a facility, with room for three offers in
four. An acceptance is what the API does for one: the deal is looked up, accepted and written, timed from the
moment it is asked for to the end of its commit. What was sold is added up from the deals afterwards: anything
but exactly what fits, an error or a broken audit chain is told and fails the run.

SQLite writes a file with synchronous=FULL; PostgreSQL is a server of its own with its defaults. Threads of
one process share one interpreter: of W writers who ask without a pause none can be faster than W times the
processor time of one, divided by the processes that have a processor each. What sessions of PostgreSQL do is
sampled: Lock is waiting for each other, Client waiting for us. The load of the machine is told: compare
ratios within a run, not seconds of two.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context
from threading import Event, Thread

import numpy as np
from deal_world import DealWorld, act
from durable_databases import NAMES, durable
from registry import Registry, T
from sqlalchemy import Engine, func, select, text

from circularity.audit import verify_chain
from circularity.database import create_engine_for, upgrade, writing
from circularity.deals.ceilings import Ceiling, Hold
from circularity.deals.contract import Agreement
from circularity.deals.offers import accept
from circularity.errors import RuleBroken
from circularity.registry.line_groups import add_line_group
from web.cli.serve import THREADS

EACH_T = 10
_NUMBERS = count(1)
_SAMPLED_S = 0.01
_GET_READY_S = 10
_REHEARSALS = 12
"""PostgreSQL plans a statement anew ten times on a connection, before it keeps the plan."""
_DOING = text(
    "SELECT coalesce(wait_event_type, 'running') AS doing, count(*) AS number FROM pg_stat_activity "
    "WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid() GROUP BY 1"
)


@dataclass(frozen=True)
class Played:
    """What acceptances took: how each ended, its milliseconds, and processor seconds of all together."""

    ended: tuple[str, ...]
    took_ms: tuple[float, ...]
    processor_s: float
    seconds: float


def offer(engine: Engine, deals: int) -> tuple[int, list[str]]:
    """Offer deals about a new window with room for three in four; return its key and those of the deals."""
    with writing(engine).begin() as session:
        registry = Registry(session, _NUMBERS)
        roomy_kg = 2 * deals * EACH_T * T
        facility = registry.facility(annual_limit_kg=roomy_kg)
        entitlement = registry.entitlement(facility, annual_limit_kg=roomy_kg)
        lines = [registry.line(entitlement=entitlement, annual_limit_kg=roomy_kg) for _ in range(2)]
        session.flush()
        add_line_group(
            session, **registry.act, entitlement=entitlement, lines=lines, annual_limit_kg=roomy_kg
        )
        window, site = registry.window(fitting(deals) * EACH_T + EACH_T // 2, lines[0]), registry.site()
        world = DealWorld(registry)
        offered = [world.offered(EACH_T, window=window, site=site).public_id for _ in range(deals)]
        return window.id, offered


def fitting(deals: int) -> int:
    """How many of so many deals there is room for."""
    return max(3 * deals // 4, 1)


def accept_one(engine: Engine, public_id: str) -> str:
    """Accept one deal as the API does; return how it ended."""
    try:
        with writing(engine).begin() as session:
            agreement = session.scalars(select(Agreement).filter_by(public_id=public_id)).one()
            accept(session, **act(), agreement=agreement, side="facility")
    except RuleBroken as broken:
        return broken.code
    except Exception as error:
        return repr(error)
    return "done"


def rehearse(engine: Engine, public_id: str) -> None:
    """Accept and take it back, until all that a connection does for the first time is done."""
    for _ in range(_REHEARSALS):
        with writing(engine)() as session:  # which is rolled back
            agreement = session.scalars(select(Agreement).filter_by(public_id=public_id)).one()
            accept(session, **act(), agreement=agreement, side="facility")


def play(url: str, shares: Sequence[Sequence[str]], warm: str, begin_at: float, threads: int) -> Played:
    """Let writers ask a server of so many threads, each for one deal of its share after the other."""
    engine = create_engine_for(url)
    with ThreadPoolExecutor(threads) as server, ThreadPoolExecutor(len(shares)) as clients:
        # A connection plans what it is asked for the first times; to load and compile is no latency either.
        for rehearsal in [server.submit(rehearse, engine, warm) for _ in range(threads)]:
            rehearsal.result()
        gc.freeze()  # as `circularity serve` does

        def write(share: Sequence[str]) -> list[tuple[str, float]]:
            told = []
            for public_id in share:
                began = time.perf_counter()
                ended = server.submit(accept_one, engine, public_id).result()
                told.append((ended, 1000 * (time.perf_counter() - began)))
            return told

        time.sleep(max(begin_at - time.time(), 0))
        began, processor = time.perf_counter(), time.process_time()
        told = [each for share in clients.map(write, shares) for each in share]
        seconds, processor_s = time.perf_counter() - began, time.process_time() - processor
    engine.dispose()
    return Played(tuple(how for how, _ in told), tuple(ms for _, ms in told), processor_s, seconds)


def play_in_processes(
    url: str, writers: int, processes: int, threads: int, offered: Sequence[str], warm: str
) -> Played:
    """Spread the writers over processes; put together what each tells."""
    shares = [offered[writer::writers] for writer in range(writers)]
    begin_at = time.time() + _GET_READY_S
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        asked = [
            pool.submit(play, url, shares[k::processes], warm, begin_at, threads) for k in range(processes)
        ]
        played = [each.result() for each in asked]
    return Played(
        tuple(how for each in played for how in each.ended),
        tuple(ms for each in played for ms in each.took_ms),
        sum(each.processor_s for each in played),
        max(each.seconds for each in played),
    )


@contextmanager
def sampled(engine: Engine) -> Iterator[Counter[str]]:
    """Count what the sessions of a server are seen doing while the block runs; nothing on SQLite."""
    seen, over = Counter[str](), Event()

    def look() -> None:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while not over.wait(_SAMPLED_S):
                seen.update({row.doing: row.number for row in connection.execute(_DOING)})

    looking = Thread(target=look)
    if engine.dialect.name == "postgresql":
        looking.start()
    try:
        yield seen
    finally:
        over.set()
        if looking.ident is not None:
            looking.join()


def faults(engine: Engine, window: int, deals: int, ended: Counter[str]) -> list[str]:
    """Return what is not as it must be after the acceptances."""
    fit = fitting(deals)
    with writing(engine)() as session:
        of_window = select(func.sum(Hold.mass_kg)).join(Hold.ceiling).where(Ceiling.kind == "window")
        held = of_window.where(Hold.status != "released", Ceiling.subject_id == window)
        sold_kg, chain = int(session.scalar(held) or 0), verify_chain(session).faults
    found = [] if sold_kg == fit * EACH_T * T else [f"{sold_kg} kg are sold, {fit * EACH_T * T} kg fit"]
    if ended != +Counter(done=fit, full=deals - fit):
        found.append(f"ended as {dict(ended)}, {fit} of {deals} fit")
    return [*found, *chain]


def report(name: str, writers: int, each: int, processes: int, threads: int) -> list[str]:
    """Play on one database, tell what it took, and return what is wrong."""
    wrong = []
    with durable(name) as url:
        engine = create_engine_for(url)
        upgrade(engine)
        base_ms = 0.0
        for now, spread in ((1, 1), (writers, processes)):
            deals = now * max(each, 24 // now)
            (window, offered), (_, warm) = offer(engine, deals), offer(engine, 1)
            with sampled(engine) as doing:
                played = play_in_processes(url, now, spread, threads, offered, warm[0])
            wrong += faults(engine, window, deals, Counter(played.ended))
            base_ms = tell(name, now, spread, played, doing, base_ms)
        engine.dispose()
    for fault in wrong:
        print(f"  WRONG: {fault}")
    return wrong


def tell(name: str, writers: int, spread: int, played: Played, doing: Counter[str], base_ms: float) -> float:
    """Print what was seen; return the median of an acceptance, ms."""
    deals, load = len(played.ended), os.getloadavg()[0]
    processor_ms = 1000 * played.processor_s / deals
    print(
        f"{name}: {writers} writers in {spread} processes, {deals} acceptances in {played.seconds:.2f} s = "
        f"{deals / played.seconds:.0f}/s, {processor_ms:.1f} ms of processor each, load {load:.1f}"
    )
    median = 0.0
    for how in sorted(set(played.ended)):
        taken = [ms for ended, ms in zip(played.ended, played.took_ms, strict=True) if ended == how]
        p50, p99, worst = np.percentile(taken, [50, 99, 100]).tolist()
        median = p50 if how == "done" else median
        ratio = f", {p50 / base_ms:.1f} times one alone" if base_ms and how == "done" else ""
        print(f"  {how:<6}{len(taken):6}  p50 {p50:8.1f} ms  p99 {p99:8.1f} ms  worst {worst:8.1f} ms{ratio}")
    if base_ms:
        print(f"  {writers} times the processor time over {spread}: {writers * processor_ms / spread:.0f} ms")
    if doing:
        shares = ", ".join(f"{what} {100 * n // doing.total()} %" for what, n in doing.most_common())
        print(f"  sessions of the server: {shares}")
    return median


def main() -> None:
    """Play on the databases asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--writers", type=int, default=32)
    parser.add_argument("--deals", type=int, default=10)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--threads", type=int, default=THREADS)
    parser.add_argument("--on", choices=NAMES)
    options = parser.parse_args()
    databases = [options.on] if options.on else NAMES
    wrong = [
        report(name, options.writers, options.deals, options.processes, options.threads) for name in databases
    ]
    sys.exit(any(wrong))


if __name__ == "__main__":
    main()
