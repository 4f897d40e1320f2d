"""A progress bar for people: on a terminal one bar per phase, in a pipe nothing at all."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PHASES = {
    "seed": "载入 · seeding",
    "snapshot": "读取 · reading",
    "prepare": "建模 · model",
    "match": "预检、求解、核验 · rules, solving, proof",
    "publish": "保存 · storing",
}


@contextmanager
def progress_bar() -> Iterator[Callable[[str, float], None] | None]:
    """Give a function that hears a phase and the share of it done (0 to 1); None where nobody watches.

    The bar goes to stderr, so that what a command prints can still be read by a program.
    """
    if not sys.stdout.isatty():
        yield None
        return
    # rich takes a moment to load; a pipe does not wait for it.
    from rich.console import Console  # noqa: PLC0415 - loaded only where it is used
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - loaded only where it is used

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def tell(phase: str, done: float) -> None:
            if phase not in tasks:
                tasks[phase] = bar.add_task(PHASES.get(phase, phase), total=1.0)
            bar.update(tasks[phase], completed=done)

        yield tell
