"""What a part is made of: something prepared, something timed, and what there is to tell of the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from matching.case import Case


@dataclass(frozen=True)
class Options:
    """How to run: the product's engine and processes, and whether slow scripts run whole."""

    engine: str = "auto"
    processes: int = 1
    whole_script: bool = False


@dataclass(frozen=True)
class Task:
    """A prepared part. `run` is timed; `facts` tells of its result, untimed, in values that JSON knows.

    Facts may hold `levels` (name to exact integer), `phases` (name to seconds), `arcs`, `note`, and
    `seconds` where the time of the part is not simply that of the call. `once`: too slow to repeat.
    """

    run: Callable[[], Any]
    facts: Callable[[Any], dict[str, Any]]
    once: bool = False


class LeftOut(Exception):
    """A part is not run on this case; the message says why."""


Prepare = Callable[[Case, Options], Task]
