"""Texts that lie encrypted in the database: whoever has a copy of it, or a backup, cannot read them.

Fernet of the library `cryptography`. Keys come as a ring: the first seals, all open, so that a new key can be
put in front and the rows sealed anew (`circularity user rekey`) before the old one is dropped.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import URL, Dialect, Engine, Text
from sqlalchemy.types import TypeDecorator

SETTING = "CIRC_DATA_KEYS"
"""Keys separated by commas, the newest first; `circularity user new-key` prints one."""

_RING = "circularity_key_ring"
_MARK = "sealed:"


class KeyMissing(RuntimeError):
    """There is no key for what lies sealed, or it is another one; nobody is let in on a guess."""


class Sealed(TypeDecorator[str]):
    """A text that is sealed on its way into the database; "" stays "", because it says that there is none."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Seal a text."""
        return _MARK + _ring(dialect).encrypt(value.encode()).decode() if value else value

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Open a text; one from before they were sealed is itself. Raises KeyMissing for another key's."""
        if not value or not value.startswith(_MARK):
            return value
        try:
            return _ring(dialect).decrypt(value.removeprefix(_MARK).encode()).decode()
        except InvalidToken as error:
            raise KeyMissing(f"none of the keys in {SETTING} opens what lies sealed") from error


def new_key() -> str:
    """Return a new key."""
    return Fernet.generate_key().decode()


def give_keys(engine: Engine, url: URL) -> None:
    """Let an engine seal and open: with the keys of the setting, else of a file beside an embedded database.

    The file is made where it lacks, readable to this user alone. Raises ValueError for a key that is none.
    """
    told = [key.strip() for key in os.environ.get(SETTING, "").split(",") if key.strip()]
    if not told and url.get_backend_name() == "sqlite":
        in_memory = url.database in (None, "", ":memory:")
        told = [new_key()] if in_memory else []
        if not in_memory:
            setattr(engine.dialect, _RING, Path(str(url.database)).with_suffix(".key"))
            return
    if told:
        setattr(engine.dialect, _RING, _ring_of(told))


def has_keys(engine: Engine) -> bool:
    """Tell whether an engine can seal."""
    return getattr(engine.dialect, _RING, None) is not None


def _ring_of(keys: Sequence[str]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ValueError(f"{SETTING} must be keys as `circularity user new-key` prints them") from error


def _ring(dialect: Any) -> MultiFernet:
    """Return the keys; those in a file are read, or made, when something is sealed for the first time."""
    found: Any = getattr(dialect, _RING, None)
    if found is None:
        raise KeyMissing(f"set {SETTING}: without a key nothing can be sealed")
    if isinstance(found, Path):
        found = _ring_of(_kept_in(found))
        setattr(dialect, _RING, found)
    return cast(MultiFernet, found)


def _kept_in(file: Path) -> list[str]:
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text("ascii").split()
    with os.fdopen(handle, "w", encoding="ascii") as text:
        text.write(new_key() + "\n")
    return file.read_text("ascii").split()
