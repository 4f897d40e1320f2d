"""Numbers for people to read out: random, so that none tells how many there are or what comes next."""

from __future__ import annotations

import secrets
from datetime import date

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_LETTERS = 9
"""Of 20,000 numbers of a day two are alike once in 350 years; with six letters it was every fifth day."""


def new_number(prefix: str, day: date) -> str:
    """Return a number such as `XY-20260901-7K2M9P4QX`, without letters and digits that look alike."""
    return f"{prefix}-{day:%Y%m%d}-{''.join(secrets.choice(_ALPHABET) for _ in range(_LETTERS))}"
