"""The README's table of settings names every variable that the code reads, and none beside."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from web.config import read_config

ROOT = Path(__file__).resolve().parents[2]
OF_EACH_PROVIDER = "CIRC_OIDC_NAME_"
"""Stands in the table for what each log-in provider needs; `web/provider_settings.py` lists that."""


class Asked(dict[str, str]):
    """An environment without any setting that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]  # only texts are kept
        self.names.add(name)
        return default


def test_every_setting_is_in_the_readme_and_no_other() -> None:
    asked = Asked()
    read_config(asked)
    table = [
        line for line in (ROOT / "README.md").read_text("utf-8").splitlines() if line.startswith("| `CIRC_")
    ]
    told = {name for line in table for name in re.findall(r"CIRC_[A-Z_]+", line.split("|")[1])}
    assert told - {OF_EACH_PROVIDER} == asked.names | set(_written_out())


def _written_out() -> Iterator[str]:
    """Yield the names of variables that stand in the code as a text of their own."""
    for room in ("circularity", "matching", "seed", "web"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and re.fullmatch(r"CIRC_[A-Z_]*[A-Z]", str(node.value)):
                    yield str(node.value)
