"""Numbers for people to read out: random, so that none tells how many there are or what comes next."""

from __future__ import annotations

import secrets
from datetime import date

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_number(prefix: str, day: date) -> str:
    """Return a number such as `XY-20260901-7K2M9P`, without letters and digits that look alike."""
    return f"{prefix}-{day:%Y%m%d}-{''.join(secrets.choice(_ALPHABET) for _ in range(6))}"
