"""Texts that a spreadsheet would run as formulas are written with an apostrophe in front.

So are texts with blanks around them; `restore_text` takes exactly that one apostrophe away.
"""

from __future__ import annotations

FORMULA_STARTS = frozenset("=+-@＝＋－＠")


def needs_guard(text: str) -> bool:
    """Tell whether a spreadsheet could run this text, a reader trim it or take it for a guarded one."""
    core = text.lstrip("'")
    return core[:1] in FORMULA_STARTS or core != core.strip() if core else False


def guard_text(text: str) -> str:
    """Return the text as a CSV cell that no spreadsheet runs; `restore_text` gives it back."""
    return f"'{text}" if needs_guard(text) else text


def restore_text(cell: str) -> str:
    """Return the text that a cell means: a guarded one without its apostrophe, any other one trimmed."""
    if cell[:1] == "'" and needs_guard(cell[1:]):
        return cell[1:]
    return cell.strip()
