"""What every page may ask: addresses of files, whether anything shown is fictional, what may be told."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flask import current_app, g, url_for
from sqlalchemy.exc import SQLAlchemyError

from circularity.banding import Band, band_of
from circularity.entitlements import CapacityWindow
from circularity.outputs import Output
from circularity.runs import Unmatched
from circularity.totals import has_fiction, has_real_parties
from web.formats import exact_tonnes, tonnes
from web.language import language, said
from web.session import read_session
from web.words import word

log = logging.getLogger(__name__)


def frame() -> dict[str, Any]:
    """Return what templates may call."""
    return {
        "asset": asset,
        "choices_of": choices_of,
        "words_of": words_of,
        "shows_fiction": shows_fiction,
        "tells_all": tells_all,
        "is_told": is_told,
        "told_band": told_band,
        "told_mass": told_mass,
        "told_total": told_total,
        "told_change": told_change,
        "word": word,
        "map_settings": map_settings,
    }


def asset(name: str) -> str:
    """Return the address of one of our files; it changes with the file, so browsers may keep it."""
    path = Path(current_app.static_folder or "") / name
    version = path.stat().st_mtime_ns // 1_000_000 if path.is_file() else 0
    return url_for("static", filename=name, v=version)


def shows_fiction() -> bool:
    """Tell whether any party in the database is fictional; a broken database shows nothing at all."""
    if "shows_fiction" not in g:
        try:
            g.shows_fiction = has_fiction(read_session())
        except SQLAlchemyError:
            log.exception("the database did not answer")
            g.shows_fiction = False
    return bool(g.shows_fiction)


def tells_all() -> bool:
    """Tell whether everything may be shown: only while every party is fictional.

    With real parties, masses that their owner has not published are told in bands, and prices of windows
    not at all, because this version knows no reader.
    """
    if "tells_all" not in g:
        g.tells_all = not has_real_parties(read_session())
    return bool(g.tells_all)


def is_told(thing: Output | CapacityWindow) -> bool:
    """Tell whether the figures of an output or a window may be shown as they are."""
    return thing.visibility == "public" or tells_all()


def told_mass(mass_kg: int, thing: Output | CapacityWindow) -> tuple[str, str]:
    """Return (tonnes, title) of a mass of an output or a window: exact if it may be told, else its band."""
    if is_told(thing):
        return tonnes(mass_kg), exact_tonnes(mass_kg)
    return told_band(band_of(mass_kg))


def told_band(mass: int | Band) -> tuple[str, str]:
    """Return (tonnes, title) of a band, or of an exact mass in kg."""
    if isinstance(mass, int):
        return tonnes(mass), exact_tonnes(mass)
    words = f"{tonnes(mass.low_kg)}–{tonnes(mass.high_kg)}" if mass.high_kg else f"≥ {tonnes(mass.low_kg)}"
    return words, f"{words} t"


def told_total(mass_kg: int) -> str:
    """Return the tonnes that somebody offers in all, as a band unless everything may be told."""
    return told_band(mass_kg if tells_all() else band_of(mass_kg))[0]


def told_change(unmatched: Unmatched) -> str:
    """Return the change that would place an output; it names figures, so only where those may be told."""
    return said(unmatched, "change") if is_told(unmatched.output) else ""


def choices_of(
    things: Iterable[Any], digits: int | None = None, with_code: bool = False
) -> list[tuple[str, str]]:
    """Return (code, name) of catalogue rows for a select; `digits` shortens a region's code to its prefix."""
    return [
        (thing.code[:digits], f"{thing.code} {said(thing)}" if with_code else said(thing)) for thing in things
    ]


def words_of(group: str, codes: Iterable[str]) -> list[tuple[str, str]]:
    """Return (code, word) of code words for a select."""
    return [(code, word(group, code)) for code in codes]


def map_settings() -> dict[str, str]:
    """Return what the map needs to know, as data attributes."""
    config = current_app.extensions["circularity.config"]
    return {
        "outlines": asset("vendor/delta.json"),
        "tiles": config.tiles_url,
        "attribution": config.tiles_attribution,
        "lang": language(),
    }
