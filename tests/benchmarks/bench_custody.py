"""Offer, accept, confirm, sign, receive under load, on both databases: p50 and p99 of each verb, errors.

Run: PYTHONPATH=tests:tests/crash .venv/bin/python tests/benchmarks/bench_custody.py
     [--writers W] [--deals D] [--on sqlite|postgresql]

W threads of one process play D deals each, one after the other, from the offer to the verdict, each for a
works of its own, all on one line of one plant: every acceptance wants the same counter, every verb the same
audit chain. A verb is timed from the opening of its session to the end of its commit. SQLite writes a file
with synchronous=FULL; PostgreSQL is a server of its own with its defaults. The goal at 32 writers: p99 of an
acceptance at most 2 s on SQLite and 300 ms on PostgreSQL, and no error. The load of the machine is told.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter, defaultdict
from threading import Barrier, Thread

import numpy as np
from durable_databases import NAMES, durable
from registry import Registry, T
from sqlalchemy import Engine
from transfer_worker import Parties, one_deal

from circularity.database import create_engine_for, upgrade, writing
from circularity.ledger.balances import faults

VERBS = {
    "offered_by_generator": "offer",
    "accepted_by_facility": "accept",
    "agreed": "confirm",
    "submitted": "draft, sender signs",
    "picked_up": "carrier signs",
    "arrived": "arrive, receive",
    "accepted": "receiver signs verdict",
}
"""What a step of a deal is called here."""

_YEAR_T = 10_000_000


def parties_of(engine: Engine, writers: int) -> list[Parties]:
    """Register one plant and as many works."""
    upgrade(engine)
    with writing(engine).begin() as session:
        registry = Registry(session)
        line = registry.line(annual_limit_kg=_YEAR_T * T)
        carrier = registry.organisation(roles=frozenset({"carrier"}))
        works = [registry.site() for _ in range(writers)]
        session.flush()
        return [Parties(site.id, line.id, carrier.id) for site in works]


def play(url: str, all_parties: list[Parties], deals: int) -> tuple[dict[str, list[float]], Counter[str]]:
    """Return the milliseconds of every verb, and the errors, of all writers at once."""
    taken: dict[str, list[float]] = defaultdict(list)
    errors = Counter[str]()
    start = Barrier(len(all_parties))

    def write(parties: Parties) -> None:
        engine = create_engine_for(url)
        start.wait()
        for _ in range(deals):
            began = time.perf_counter()
            try:
                for step, _ in one_deal(engine, parties):
                    taken[VERBS[step]].append(1000 * (time.perf_counter() - began))
                    began = time.perf_counter()
            except Exception as error:
                errors[type(error).__name__] += 1
        engine.dispose()

    threads = [Thread(target=write, args=(parties,)) for parties in all_parties]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken, errors


def report(name: str, writers: int, deals: int) -> None:
    """Play on one database and print what each verb took."""
    with durable(name) as url:
        engine = create_engine_for(url)
        all_parties = parties_of(engine, writers)
        play(url, all_parties[:1], 1)  # what a process loads once is no latency
        began = time.perf_counter()
        taken, errors = play(url, all_parties, deals)
        seconds = time.perf_counter() - began
        with writing(engine)() as session:
            broken = faults(session)
        engine.dispose()
    print(f"{name}: {writers} writers, {deals} deals each, {seconds:.1f} s, load {os.getloadavg()[0]:.1f}")
    print(f"  errors {dict(errors) or 'none'}, faults of the ledger {broken or 'none'}")
    for verb in VERBS.values():
        if taken[verb]:
            p50, p99, worst = np.percentile(taken[verb], [50, 99, 100]).tolist()
            print(f"  {verb:<24} {p50:8.1f} ms p50  {p99:8.1f} ms p99  {worst:8.1f} ms worst")


def main() -> None:
    """Play on the databases asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--writers", type=int, default=32)
    parser.add_argument("--deals", type=int, default=5)
    parser.add_argument("--on", choices=NAMES)
    options = parser.parse_args()
    for name in [options.on] if options.on else NAMES:
        report(name, options.writers, options.deals)


if __name__ == "__main__":
    main()
