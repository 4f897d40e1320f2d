"""Chinese texts have Chinese punctuation: in code, in data, in translations and in pages.

Half-width marks beside a Chinese character are refused, and half-width brackets around one. Patterns and
docstrings are no texts; what national forms call their columns stays as the forms have it.
"""

from __future__ import annotations

import ast
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("circularity", "matching", "seed", "web")
WORD = "㐀-鿿"
AFTER = f"{WORD}《》〔〕（）、。"
GAP = "￼"
"""Stands for what an f-string fills in."""

HALF_WIDTH = re.compile(
    rf"[{AFTER}] *[,;:!?]|[,;:!?] *[{AFTER}]|[{WORD}][()]|[()][{WORD}]|\([^()]*[{WORD}][^()]*\)"
    rf"|{GAP}[,;]{GAP}"
)
COLUMN = re.compile(rf"[{GAP}{WORD}]*\(吨\)")
"""A column of a national form."""


def test_marks_are_known_apart() -> None:
    wrong = ("名称,未核实", "限量; 余量", "尚缺:", "编号(必填)", "(待填)", "E,凭", "哪里?", f"有{GAP},{GAP}")
    right = ("名称，未核实", "0: 25（吨：元/吨）", "由 R5, R4 利用", "a (b): c", f"限值 {GAP}, {GAP}")
    assert [text for text in wrong if not _is_mixed(text)] == []
    assert [text for text in right if _is_mixed(text)] == []


@pytest.mark.parametrize("room", ROOMS)
def test_texts_in_code(room: str) -> None:
    assert [
        f"{path.relative_to(ROOT)}:{line} {text}"
        for path in sorted((ROOT / room).rglob("*.py"))
        for line, text in _texts(ast.parse(path.read_text("utf-8")))
        if _is_mixed(text) and not COLUMN.fullmatch(text)
    ] == []


@pytest.mark.parametrize("room", ["circularity", "seed"])
def test_texts_in_data(room: str) -> None:
    assert [
        f"{path.relative_to(ROOT)}:{row} {text}"
        for path in sorted((ROOT / room).rglob("*.csv"))
        for row, cells in enumerate(csv.reader(io.StringIO(path.read_text("utf-8"))), 1)
        for text in cells
        if _is_mixed(text)
    ] == []


def test_translations() -> None:
    with (ROOT / "web/translations/zh_Hans_CN/LC_MESSAGES/messages.po").open("rb") as stream:
        told = [message.string for message in read_po(stream) if message.id]
    texts = [text for each in told for text in ([each] if isinstance(each, str) else each)]
    assert len(texts) > 1000
    assert [text for text in texts if _is_mixed(text)] == []


def test_texts_in_pages() -> None:
    """What a template fills in may be Chinese, so the colon behind it is a word too."""
    found = []
    for path in sorted((ROOT / "web").rglob("templates/**/*.html")):
        bare = re.sub(r"\{%.*?%\}|\{#.*?#\}", "", path.read_text("utf-8"), flags=re.DOTALL)
        filled = re.sub(r"\{\{.*?\}\}", GAP, bare, flags=re.DOTALL)
        texts = re.split(r"<[^>]*>", filled)
        found += [
            f"{path.name}: {text}" for text in texts if _is_mixed(text) or re.search(f"{GAP}[:;] ", text)
        ]
    assert found == []


def _is_mixed(text: str) -> bool:
    """Tell whether a text has a half-width mark where a Chinese one belongs."""
    return re.search(f"[{WORD}]", text) is not None and HALF_WIDTH.search(text) is not None


def _texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the texts of a module as a reader sees them, with their lines."""
    apart = {id(inner) for node in ast.walk(tree) for inner in _no_texts(node)}
    for node in ast.walk(tree):
        if id(node) in apart:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(part.value if isinstance(part, ast.Constant) else GAP for part in node.values),
            )


def _no_texts(node: ast.AST) -> Iterator[ast.AST]:
    """Yield docstrings, patterns, and the pieces of f-strings, which are read as a whole."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield from (part for part in node.values if isinstance(part, ast.Constant))
    elif isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re."):
        yield from (inner for given in node.args for inner in ast.walk(given))
    elif isinstance(node, ast.Constant) and "(?" in str(node.value):
        yield node
