"""A weighbridge's export of 100,000 tickets read and imported, then sent again: seconds on both databases.

Run: PYTHONPATH=tests .venv/bin/python tests/benchmarks/bench_tickets.py
     [--tickets N] [--on sqlite|postgresql]

SQLite writes a file with synchronous=FULL; PostgreSQL is a server of its own with its defaults. The goal:
100,000 new tickets in less than 60 s, and none of them twice.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from datetime import date, datetime, timedelta
from pathlib import Path

from deal_rows import deal
from durable_databases import NAMES, durable
from registry import Registry

from circularity.custody.manifests import Transfer
from circularity.custody.weighbridge import add_export, read_weighbridge
from circularity.database import create_engine_for, upgrade, writing

HEADER = "序号,车号,毛重,皮重,净重,时间,磅单号"
FIRST, LAST = date(2026, 8, 1), date(2026, 8, 31)


def export(folder: Path, tickets: int) -> Path:
    """Write what a weighbridge exports, the days of August filled evenly."""
    start, step = datetime(2026, 8, 1), timedelta(days=31) / tickets
    rows = [
        f"{n},沪A{n % 400:05d},{49_000 + n % 700},16200,{32_800 + n % 700},{start + n * step:%F %T},BD{n:06d}"
        for n in range(tickets)
    ]
    file = folder / "八月.csv"
    file.write_bytes("\r\n".join([HEADER, *rows]).encode("gb18030"))
    return file


def report(name: str, tickets: int) -> None:
    """Import the export twice and print what it took."""
    with durable(name) as url, tempfile.TemporaryDirectory() as folder:
        engine = create_engine_for(url)
        upgrade(engine)
        file = export(Path(folder), tickets)
        with writing(engine).begin() as session:
            made = deal(Registry(session), tonnes=40 * tickets)
            month = made.draft(metering="sheet", day=FIRST, day_to=LAST)
            session.flush()
            key = month.id
        for turn in ("first", "again"):
            began = time.perf_counter()
            with writing(engine).begin() as session:
                sheet = session.get_one(Transfer, key)
                facts = {"found": read_weighbridge(file), "source": file.name, "line": 1, "side": "sender"}
                done = add_export(session, **Registry(session).act, transfer=sheet, **facts)
            seconds = time.perf_counter() - began
            told = f"{done.added:,} added, {done.ignored:,} ignored, {len(done.problems)} problems"
            print(f"{name}, {turn}: {seconds:6.1f} s, {told}, load {os.getloadavg()[0]:.1f}")
        engine.dispose()


def main() -> None:
    """Import on the databases asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--on", choices=NAMES)
    options = parser.parse_args()
    for name in [options.on] if options.on else NAMES:
        report(name, options.tickets)


if __name__ == "__main__":
    main()
