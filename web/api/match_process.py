"""A stranger's case in a process of its own that can be stopped: `python -m web.api.match_process CASE`.

Prints one JSON object: `{"answer": …}`, or what was wrong as `{"problems": […]}` or `{"refused": code}`. It
loads neither Flask nor SQLAlchemy and writes nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from circularity.errors import BadInput
from matching.case import Case, InvalidCase
from matching.case_files import read_case
from matching.network_flow import NotProvenError
from matching.plan import Plan, PlanRefusedError, make_plan
from matching.plan_files import (
    PLAN_COLUMNS,
    PRICE_COLUMNS,
    UNMATCHED_COLUMNS,
    plan_rows,
    price_rows,
    unmatched_rows,
)
from matching.summary import summary

MAX_OUTPUTS, MAX_CAPACITIES, MAX_LANES = 2_000, 500, 20_000
"""Beyond these the command line is the right way."""

CPU_SECONDS = 20
SEARCH_SECONDS = 2.0
MEMORY_BYTES = 3 * 1024**3
"""Address space, most of it libraries that are mapped and never touched."""


def main(arguments: Sequence[str]) -> None:
    """Match the case at the given path and print the answer."""
    limit_this_process()
    print(json.dumps(_answer(Path(arguments[0])), ensure_ascii=False, allow_nan=False))


def limit_this_process() -> None:
    """Bound time and memory where the system can."""
    try:
        import resource  # noqa: PLC0415 - there only on Unix; elsewhere the caller's timeout remains
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer(path: Path) -> dict[str, Any]:
    try:
        read = read_case(path)
        if _is_large(read.case):
            return {"refused": "case_too_large"}
        plan = make_plan(read.case, limit_s=SEARCH_SECONDS)
    except BadInput as error:
        return {"problems": [problem.as_dict() for problem in error.problems]}
    except (InvalidCase, OverflowError) as error:
        return {"refused": "invalid_case", "why": str(error)}
    except (PlanRefusedError, NotProvenError):
        return {"refused": "not_proven"}
    except MemoryError:
        return {"refused": "case_too_heavy"}
    notes = [{"rule": note.rule, "zh": note.zh, "en": note.en} for note in read.notes]
    return {"answer": _tables(plan) | {"summary": summary(plan), "notes": notes}}


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
