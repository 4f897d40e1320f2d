"""Starting the process that reads a stranger's file, within time and memory, and wording what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, NoReturn

from circularity.errors import BadInput, InputProblem, RuleBroken
from web.http_problems import Refusal

SECONDS = 30
_AT_ONCE = BoundedSemaphore(1)
"""One stranger's file at a time per server process; the others are asked to come back."""

_REFUSALS = {
    "case_too_large": (
        "案例过大，请使用命令行 circularity match",
        "the case is large: use `circularity match`",
    ),
    "too_many_rows": (
        "一次最多 5000 行，请分开上传",
        "at most 5,000 rows at a time: send the ledger in parts",
    ),
    "case_too_heavy": (
        "计算超出在线服务的时间或内存，请使用命令行 circularity match",
        "the case needs more time or memory than is given here: use `circularity match`",
    ),
    "invalid_case": ("案例不成立", "the case contradicts itself"),
    "not_proven": ("方案未能证明，不予返回", "the plan could not be proven and is not returned"),
}


def match_in_process(file: Path, ledger: Path | None = None) -> dict[str, Any]:
    """Return `{"answer": …}` for a whole case; for wastes alone, where `ledger` is named, `{"ledger": …}`.

    Raises what `in_process` raises.
    """
    return in_process("web.tryout.process", file, *([ledger] if ledger else []))


def in_process(module: str, *paths: Path) -> dict[str, Any]:
    """Return what a program of ours prints about a file, within time and memory.

    Raises BadInput with every problem of the file, RuleBroken for what cannot be done here, Refusal (503)
    while another file is being read.
    """
    if not _AT_ONCE.acquire(blocking=False):
        zh, en = "正在计算另一个案例，请稍后再试", "another case is being matched: try again in a moment"
        raise Refusal(503, "busy", zh, en)
    try:
        done = _run(module, *paths)
    finally:
        _AT_ONCE.release()
    if "problems" in done:
        raise BadInput([InputProblem(**problem) for problem in done["problems"]])
    if "refused" in done:
        _refuse(done["refused"], done.get("why", ""))
    return done


def _run(module: str, *paths: Path) -> dict[str, Any]:
    """Return what the process says; one that had to be stopped says the case is too heavy."""
    package = Path(__file__).resolve().parents[2]
    environment = {
        **os.environ,
        "PYTHONPATH": str(package),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", module, *map(str, paths)]
    try:
        done = subprocess.run(  # noqa: S603 - our own program, the path is ours too
            command, env=environment, capture_output=True, timeout=SECONDS, check=True
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return {"refused": "case_too_heavy"}
    return dict(json.loads(done.stdout))


def _refuse(code: str, why: str) -> NoReturn:
    zh, en = _REFUSALS[code]
    raise RuleBroken(code, zh, en, **({"why": why} if why else {}))
