"""The spelling of waste codes: general `NNN-0NN-SNN`, hazardous `NNN-NNN-NN`, kinds `SW06` and `HW34`.

Only form is decided here; `waste_types` knows which kinds exist.
"""

from __future__ import annotations

import re

_GENERAL = re.compile(r"\d{3}-0\d{2}-S\d{2}", re.ASCII)
_HAZARDOUS = re.compile(r"\d{3}-\d{3}-(0[1-9]|[1-3]\d|40|4[5-9]|50)", re.ASCII)
_KIND = re.compile(r"SW\d{2}|HW(0[1-9]|[1-3]\d|40|4[5-9]|50)", re.ASCII)
_FULL_WIDTH = {0xFF01 + i: 0x21 + i for i in range(94)} | {0x3000: 0x20}
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), ord("-"))
_KEYBOARD = _FULL_WIDTH | _DASHES  # not NFKC, which would also read superscripts and circled digits

EVERYTHING = "*"
"""The pattern that covers every waste."""


STORAGE_LIMIT_DAYS, URGENT_MARGIN_DAYS = 365, 30
"""Hazardous waste is stored for a year at most; a lot so near to the end of it is urgent."""


class MalformedCode(ValueError):
    """A text is no waste code, or names a kind that does not exist."""

    def __init__(self, text: str) -> None:
        super().__init__(f"not a waste code: {text[:60]!r}")
        self.text = text


def spell(text: str) -> str:
    """Return `text` with full-width characters, dashes and case as the official lists print them."""
    typed = text.translate(_KEYBOARD).strip()
    return typed.upper() if typed.isascii() else typed


def has_code_form(code: str) -> bool:
    """Return whether a spelt text has the form of a full code."""
    return bool(_GENERAL.fullmatch(code) or _HAZARDOUS.fullmatch(code))


def has_kind_form(code: str) -> bool:
    """Return whether a spelt text has the form of a two-digit kind or category."""
    return bool(_KIND.fullmatch(code))


def kind_of(code: str) -> str:
    """Return the kind of a canonical full code or kind: `SW06` for `441-001-S06`, `HW34` for `398-007-34`."""
    if code[:2] in {"SW", "HW"}:
        return code
    return f"SW{code[-2:]}" if code[-3] == "S" else f"HW{code[-2:]}"


def is_hazardous(code: str) -> bool:
    """Return whether a canonical code (full or kind) belongs to the hazardous list, by its form alone."""
    return kind_of(code).startswith("HW")
