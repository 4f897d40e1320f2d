"""A stranger's file in a process that can be stopped: `python -m web.tryout.process FILE [LEDGER]`.

Prints one JSON object: `{"answer": …}` for a whole case, or what was wrong as `{"problems": […]}` or
`{"refused": code}`. A file of wastes alone is no case; where a folder LEDGER is named, its rows are written
there as a program writes them and `{"ledger": …}` is printed. It loads neither Flask nor SQLAlchemy and
writes nothing else.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from circularity.errors import BadInput
from matching.case import Case
from matching.case_format.files import Note, read_case, read_outputs
from matching.case_format.writer import write_outputs
from matching.engines.network_flow import NotProvenError
from matching.parameters import InvalidCase
from matching.plans.files import (
    PLAN_COLUMNS,
    PRICE_COLUMNS,
    UNMATCHED_COLUMNS,
    plan_rows,
    price_rows,
    unmatched_rows,
)
from matching.plans.plan import Plan, PlanRefusedError, make_plan
from matching.plans.summary import summary

MAX_OUTPUTS, MAX_CAPACITIES, MAX_LANES = 2_000, 500, 20_000
"""Beyond these the command line is the right way."""

MAX_LEDGER_ROWS = 200
"""Each is asked of every receiver in the registry while a person waits."""

CPU_SECONDS = 20
SEARCH_SECONDS = 2.0
MEMORY_BYTES = 3 * 1024**3
"""Address space, most of it libraries that are mapped and never touched."""


def main(arguments: Sequence[str]) -> None:
    """Read what is at the given path, match it where it is a whole case, and print the answer."""
    limit_this_process()
    path, *folders = map(Path, arguments)
    print(json.dumps(_answer(path, *folders), ensure_ascii=False, allow_nan=False))


def limit_this_process() -> None:
    """Bound time and memory where the system can."""
    try:
        import resource  # noqa: PLC0415 - there only on Unix; elsewhere the caller's timeout remains
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer(path: Path, ledger: Path | None = None) -> dict[str, Any]:
    try:
        return _read_and_matched(path, ledger)
    except BadInput as error:
        return {"problems": [problem.as_dict() for problem in error.problems]}
    except (InvalidCase, OverflowError) as error:
        return {"refused": "invalid_case", "why": str(error)}
    except (PlanRefusedError, NotProvenError):
        return {"refused": "not_proven"}
    except MemoryError:
        return {"refused": "case_too_heavy"}


def _read_and_matched(path: Path, ledger: Path | None) -> dict[str, Any]:
    try:
        read = read_case(path)
    except BadInput as error:
        if ledger is None or not _lacks_outlets(error):
            raise
        return _ledger(path, ledger)
    if _is_large(read.case):
        return {"refused": "case_too_large"}
    plan = make_plan(read.case, limit_s=SEARCH_SECONDS)
    return {"answer": _tables(plan) | {"summary": summary(plan), "notes": _words(read.notes)}}


def _lacks_outlets(error: BadInput) -> bool:
    """Tell whether plants and capacities are both missing: then the file was never meant as a whole case."""
    return sum(problem.rule == "missing_sheet" for problem in error.problems) > 1


def _ledger(path: Path, folder: Path) -> dict[str, Any]:
    """Write the wastes of a file that holds nothing else, as a case of outputs alone."""
    outputs, notes = read_outputs(path)
    if len(outputs.output_id) > MAX_LEDGER_ROWS:
        return {"refused": "case_too_large"}
    write_outputs(outputs, folder)
    return {"ledger": {"notes": _words(notes)}}


def _words(notes: Iterable[Note]) -> list[dict[str, Any]]:
    return [{name: value for name, value in asdict(note).items() if value is not None} for note in notes]


def _is_large(case: Case) -> bool:
    outputs, capacities = case.shape[0], case.shape[1]
    return outputs > MAX_OUTPUTS or capacities > MAX_CAPACITIES or len(case.lanes.output) > MAX_LANES


def _tables(plan: Plan) -> dict[str, Any]:
    return {
        "plan": _keyed(PLAN_COLUMNS, plan_rows(plan)),
        "unmatched": _keyed(UNMATCHED_COLUMNS, unmatched_rows(plan)),
        "prices": _keyed(PRICE_COLUMNS, price_rows(plan)),
    }


def _keyed(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[dict[str, str]]:
    return [{name: value for name, value in zip(columns, row, strict=True) if value != ""} for row in rows]


if __name__ == "__main__":
    main(sys.argv[1:])
