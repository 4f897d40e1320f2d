"""Translations are edited as .po and read as .mo; this turns the one into the other."""

from __future__ import annotations

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def compile_messages(folder: Path) -> list[Path]:
    """Compile each .po below `folder` that is newer than its .mo; return what was written.

    An entry marked fuzzy is a guess and is left out. Raises OSError where the folder cannot be written.
    """
    written = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        with source.open("rb") as text:
            catalogue = read_po(text)
        partial = target.with_suffix(".mo.part")
        with partial.open("wb") as binary:
            write_mo(binary, catalogue, use_fuzzy=False)
        partial.replace(target)
        written.append(target)
    return written
