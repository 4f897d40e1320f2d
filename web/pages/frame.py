"""What every page may ask: addresses of files, choices for forms, whether anything shown is fictional."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from flask import current_app, g, url_for
from sqlalchemy.exc import SQLAlchemyError

from circularity.totals import has_fiction
from web.api.writing import is_writable
from web.language import language, said
from web.offered import refusal_of
from web.pages.disclosure import TOLD
from web.session import read_session
from web.today import today
from web.words import basis, word, word_within

log = logging.getLogger(__name__)


def frame() -> dict[str, Any]:
    """Return what templates may call."""
    return {
        "asset": asset,
        "basis": basis,
        "choices_of": choices_of,
        "words_of": words_of,
        "shows_fiction": shows_fiction,
        "word": word,
        "word_within": word_within,
        "is_open": is_open,
        "map_settings": map_settings,
        "may_write": is_writable,
        "refusal_of": refusal_of,
        **{told.__name__: told for told in TOLD},
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


def is_open(earliest: date, latest: date | None) -> bool:
    """Tell whether today lies in a shipping window; None is an open end."""
    return earliest <= today() and (latest is None or today() <= latest)


def map_settings() -> dict[str, str]:
    """Return what the map needs to know, as data attributes."""
    config = current_app.extensions["circularity.config"]
    return {
        "outlines": asset("vendor/delta.json"),
        "tiles": config.tiles_url,
        "attribution": config.tiles_attribution,
        "lang": language(),
    }
