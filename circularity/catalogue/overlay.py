"""The overlay: official lists taken in by this installation, read after the built-in rows.

It is one file, `waste_types.csv`, in the folder that the environment variable CIRC_CATALOGUE_DIR names.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from circularity.catalogue.tables import read_rows

FOLDER_VARIABLE = "CIRC_CATALOGUE_DIR"
FILE_NAME = "waste_types.csv"
COLUMNS = (
    "code",
    "name_zh",
    "name_en",
    "stream",
    "hazard_properties",
    "industrial",
    "bulk",
    "note",
    "aliases",
    "source",
    "confidence",
    "verified",
    "valid_from",
    "valid_to",
)


@dataclass(frozen=True)
class Overlay:
    """One state of the overlay file; a changed file is another overlay, so caches keyed by it stay right."""

    path: Path
    changed_ns: int
    size: int

    def rows(self) -> list[dict[str, str]]:
        """Return its rows as texts by column."""
        with self.path.open(encoding="utf-8", newline="") as stream:
            return list(read_rows(stream))


def overlay_folder() -> Path | None:
    """Return the folder that this installation keeps imported lists in, None where none is set."""
    folder = os.environ.get(FOLDER_VARIABLE, "")
    return Path(folder) if folder else None


def current_overlay() -> Overlay | None:
    """Return the overlay in use, None where nothing was imported."""
    folder = overlay_folder()
    if folder is None:
        return None
    try:
        state = (folder / FILE_NAME).stat()
    except FileNotFoundError:
        return None
    return Overlay(folder / FILE_NAME, state.st_mtime_ns, state.st_size)
