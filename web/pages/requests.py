"""What a reader asked for in the address: page numbers and filters, taken only where they make sense."""

from __future__ import annotations

from collections.abc import Iterable

from flask import request

from circularity.catalogue.regions import PROVINCES


def page_number() -> int:
    """Return `?page=`, 1 where it is no number from 1 on."""
    text = request.args.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and 1 <= len(text) <= 6 else 1


def choice(name: str, allowed: Iterable[str]) -> str:
    """Return `?name=` if it is one of the allowed words, else "" (no filter)."""
    asked = request.args.get(name, "")
    return asked if asked in set(allowed) else ""


def province(name: str = "province") -> str:
    """Return a two-digit province of the Delta, else ""."""
    return choice(name, PROVINCES)


def text(name: str = "q") -> str:
    """Return `?q=` without surrounding space, at most 50 characters, control characters dropped."""
    return "".join(c for c in request.args.get(name, "") if c.isprintable()).strip()[:50]
