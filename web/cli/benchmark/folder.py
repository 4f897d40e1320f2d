"""The product from folder to folder: a case is read, matched, written as a plan and checked."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from matching.case import Case
from matching.case_format.files import read_case, write_case
from matching.plans.files import write_plan
from matching.plans.plan import make_plan
from matching.plans.verification import verify_written_plan
from web.cli.benchmark.task import Options, Task

Result = TypeVar("Result")


def folder_task(case: Case, options: Options) -> Task:
    """A folder of CSV files to a written plan, and the check that anybody could make of it."""

    def run() -> dict[str, float]:
        seconds: dict[str, float] = {}
        with TemporaryDirectory(prefix="circularity-bench-") as place:
            source, target = Path(place) / "case", Path(place) / "plan"
            write_case(case, source)
            read = _timed(seconds, "read", lambda: read_case(source).case)
            plan = _timed(
                seconds, "match", lambda: make_plan(read, engine=options.engine, processes=options.processes)
            )
            _timed(seconds, "write", lambda: write_plan(plan, target, _reading(case)))
            checked = _timed(seconds, "check", lambda: verify_written_plan(source, target))
        if checked.faults:
            raise RuntimeError(f"the written plan was refused: {checked.faults[0]}")
        return seconds

    return Task(run, lambda seconds: {"phases": seconds, "seconds": sum(seconds.values())})


def _reading(case: Case) -> dict[str, Any]:
    """Return the options under which a case of its own is read, as `match` would state them."""
    as_of = date.fromordinal(case.parameters.as_of_day).isoformat()
    plain = {"friendly": False, "only_lanes": False, "max_distance_m": None, "facilities_from": None}
    return {**plain, "as_of": as_of}


def _timed(seconds: dict[str, float], phase: str, run: Callable[[], Result]) -> Result:
    began = time.perf_counter()
    result = run()
    seconds[phase] = time.perf_counter() - began
    return result
