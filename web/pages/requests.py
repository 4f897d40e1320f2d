"""What a reader asked for in the address: page numbers and filters, taken only where they make sense."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from flask import request

from circularity.catalogue.regions import PROVINCES
from circularity.listings import PAGE_SIZE, Page
from web.today import today

Row = TypeVar("Row")


def page_number(name: str = "page") -> int:
    """Return `?page=`, 1 where it is no number from 1 on."""
    text = request.args.get(name, "1")
    return int(text) if text.isascii() and text.isdigit() and 1 <= len(text) <= 6 else 1


def page_of(
    total: int, load: Callable[[int, int], Sequence[Row]], *, name: str = "page", size: int = PAGE_SIZE
) -> Page[Row]:
    """Return the asked page of `total` rows, the last where it asks beyond; `load` takes limit and offset."""
    number = min(page_number(name), Page((), 1, total, size).pages)
    return Page(load(size, (number - 1) * size), number, total, size)


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


def asked_year(name: str = "year") -> int:
    """Return `?year=` of four digits, else this year."""
    asked = request.args.get(name, "")
    return int(asked) if len(asked) == 4 and asked.isascii() and asked.isdigit() else today().year
