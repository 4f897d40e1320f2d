"""Which day it is for readers: the one in Shanghai, wherever the server stands."""

from __future__ import annotations

from datetime import date, datetime

from web.language import SHANGHAI


def now() -> datetime:
    """Return this moment, aware."""
    return datetime.now(SHANGHAI)


def today() -> date:
    """Return the calendar day in Shanghai."""
    return now().date()
