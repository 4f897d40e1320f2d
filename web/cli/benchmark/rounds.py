"""Runs the parts of a case in turns, so that a noisy moment of the machine meets them all."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from web.cli.benchmark.memory import KB_PER_MB
from web.cli.benchmark.parts import PARTS
from web.cli.benchmark.ratios import differing_level, ratios
from web.cli.benchmark.standard_case import StandardCase
from web.cli.benchmark.task import LeftOut, Options
from web.cli.benchmark.worker import Reading, Worker

PACKAGES = ("circularity", "numpy", "scipy", "ortools", "pylmcf", "networkx", "geopy")


def measure_case(
    case: StandardCase, options: Options, repeat: int, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Return what was measured on a case, as JSON will say it; `tell` hears what is being done."""
    workers = {part.key: Worker(part, case, options) for part in PARTS}
    try:
        turns, left_out = _prepared(workers, repeat, tell)
        readings: dict[str, list[Reading]] = {key: [] for key in turns}
        for turn in range(repeat):
            for key in [key for key in turns if turn < turns[key] and key not in left_out]:
                tell(f"第 {turn + 1} 轮 · turn {turn + 1}: {key}")
                try:
                    readings[key].append(workers[key].run())
                except LeftOut as reason:
                    left_out[key] = str(reason)
    finally:
        for worker in workers.values():
            worker.end()
    return _described(case, readings, left_out)


def _prepared(
    workers: dict[str, Worker], repeat: int, tell: Callable[[str], None]
) -> tuple[dict[str, int], dict[str, str]]:
    """Wait for every part and return in how many turns each runs, and why the others do not."""
    turns, left_out = {}, {}
    for key, worker in workers.items():
        tell(f"准备 · preparing {key}")
        try:
            turns[key] = 1 if worker.prepared() else repeat
        except LeftOut as reason:
            left_out[key] = str(reason)
    return turns, left_out


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    return {
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _described(
    case: StandardCase, readings: dict[str, list[Reading]], left_out: dict[str, str]
) -> dict[str, Any]:
    parts = {key: _part(taken) for key, taken in readings.items() if taken and key not in left_out}
    product = parts.get("product", {})
    for key, part in parts.items():
        if key != "product" and "levels" in part and "levels" in product:
            part["differing_level"] = differing_level(product["levels"], part["levels"])
            part["equal_levels"] = part["differing_level"] is None
    seconds = {key: [reading.seconds for reading in readings[key]] for key in parts}
    phases = [reading.facts["phases"] for reading in readings["product"]] if product else []
    return {
        **asdict(case),
        "arcs": product.get("arcs"),
        "parts": parts | {key: {"left_out": reason} for key, reason in left_out.items()},
        "ratios": ratios(seconds, phases),
    }


def _part(taken: Sequence[Reading]) -> dict[str, Any]:
    """Return the median, least and most of the runs, with the facts of the last one."""
    seconds = [reading.seconds for reading in taken]
    facts = dict(taken[-1].facts)
    if "phases" in facts:
        facts["phases"] = {
            name: statistics.median(reading.facts["phases"][name] for reading in taken)
            for name in facts["phases"]
        }
    return {
        "runs": len(taken),
        "seconds": {"median": statistics.median(seconds), "min": min(seconds), "max": max(seconds)},
        "peak_mb": _mb([reading.peak_kb for reading in taken]),
        "before_mb": _mb([reading.before_kb for reading in taken]),
        **facts,
    }


def _mb(sizes_kb: Sequence[int | None]) -> float | None:
    known = [size for size in sizes_kb if size is not None]
    return round(max(known) / KB_PER_MB, 1) if known else None
