"""A part in a fresh process that prepares once and runs when it is asked, so that parts can take turns."""

from __future__ import annotations

import gc
import multiprocessing
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from web.cli.benchmark.memory import own_kb, reset_peak, tree_kb
from web.cli.benchmark.parts import Part
from web.cli.benchmark.standard_case import StandardCase
from web.cli.benchmark.task import LeftOut, Options, Task

POLL_SECONDS = 0.05
GRACE_SECONDS = 5


@dataclass(frozen=True)
class Reading:
    """One run: its seconds, the memory held before it and at its peak (None where unknown), what it told."""

    seconds: float
    before_kb: int | None
    peak_kb: int | None
    facts: dict[str, Any] = field(default_factory=dict)


class Worker:
    """The process of one part on one case, which starts at once; wait for `prepared` before it runs."""

    def __init__(self, part: Part, case: StandardCase, options: Options) -> None:
        # spawned, not forked: a fork would start with the memory of whoever measures
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, part, case, options))
        self._process.start()
        theirs.close()

    def prepared(self) -> bool:
        """Wait until the part can run, and say whether once is enough.

        Raises LeftOut, here and later, where the part does not run on this case or breaks.
        """
        once: bool = self._answer()
        return once

    def run(self) -> Reading:
        """Run the part once more."""
        self._connection.send(True)
        tree_peak_kb = 0
        while not self._connection.poll(POLL_SECONDS):
            tree_peak_kb = max(tree_peak_kb, tree_kb(self._process.pid or 0))
        reading: Reading = self._answer()
        peak_kb = None if reading.peak_kb is None else max(reading.peak_kb, tree_peak_kb)
        return Reading(reading.seconds, reading.before_kb, peak_kb, reading.facts)

    def end(self) -> None:
        """Let the process go; one that is still busy is stopped."""
        self._connection.close()
        self._process.join(GRACE_SECONDS)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()

    def _answer(self) -> Any:
        try:
            answer = self._connection.recv()
        except (EOFError, ConnectionResetError):
            self._process.join()
            raise LeftOut(f"its process died with exit code {self._process.exitcode}") from None
        if isinstance(answer, LeftOut):
            self.end()
            raise answer
        return answer


def _serve(connection: Connection, part: Part, case: StandardCase, options: Options) -> None:
    """Prepare the part, then run it for every message until the other side hangs up."""
    try:
        _warm_up(part, options)
        task = part.prepare(case.build(), options)
        connection.send(task.once)
        while connection.recv():
            connection.send(_reading(task))
    except EOFError:
        return
    except LeftOut as reason:
        connection.send(reason)
    except (ArithmeticError, MemoryError, RuntimeError) as error:
        connection.send(LeftOut(f"{type(error).__name__}: {error}"))


def _warm_up(part: Part, options: Options) -> None:
    """Run the part on a tiny case, so that no module is loaded on the clock."""
    part.prepare(StandardCase(40, 10, 2, "tight").build(), options).run()


def _reading(task: Task) -> Reading:
    gc.collect()
    reset_peak()
    before_kb = own_kb("VmRSS")
    began = time.perf_counter()
    result = task.run()
    seconds = time.perf_counter() - began
    peak_kb = own_kb("VmHWM")
    facts = task.facts(result)
    return Reading(facts.pop("seconds", seconds), before_kb, peak_kb, facts)
