"""Passwords: what one may be, and Argon2id over it.

Rules after OWASP ASVS 5.0 (6.2): length counts, composition does not; common passwords and those made of the
person's own names are refused. The parameters are RFC 9106's second choice: 3 rounds over 64 MiB, 4 lanes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from circularity.fields import Checks

MIN_LENGTH, MAX_LENGTH = 12, 128
"""Characters. The upper bound keeps a megabyte from being hashed; it is far above what people type."""

_CONTEXT = ("circularity", "yangtze", "recycle", "password", "huanbao", "gufei")
_RUNS = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiopasdfghjklzxcvbnm")
_HASHER = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)


def check_password(checks: Checks, field: str, password: str, about: Iterable[str] = ()) -> None:
    """Note what is wrong with a new password; `about` are words that others guess first: mail, names."""
    length = len(_normal(password))
    if length < MIN_LENGTH:
        zh, en = f"口令至少 {MIN_LENGTH} 个字符", f"a password has at least {MIN_LENGTH} characters"
        checks.refuse(field, "too_short", "", zh, en)
    elif length > MAX_LENGTH:
        zh, en = f"口令最多 {MAX_LENGTH} 个字符", f"a password has at most {MAX_LENGTH} characters"
        checks.refuse(field, "too_long", "", zh, en)
    elif any(unicodedata.category(character) in ("Cc", "Cs") for character in password):
        zh, en = "口令含有控制字符", "the password contains control characters"
        checks.refuse(field, "control_characters", "", zh, en)
    elif is_guessed_first(password, about):
        zh = "此口令太常见或容易猜到，请换一个，例如几个不相干的词"
        en = "this password is common or easily guessed: take another, for example several unrelated words"
        checks.refuse(field, "common_password", "", zh, en)


def is_guessed_first(password: str, about: Iterable[str] = ()) -> bool:
    """Tell whether a password is among those that are tried first.

    That is: on the list, with digits or signs around or without; a short piece repeated; a run of a keyboard
    or alphabet; or little more than a word about its owner or this platform.
    """
    plain = _normal(password).lower()
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    if plain in _common() or core in _common() or len(set(plain)) <= 4:
        return True
    if re.fullmatch(r"(.{1,6}?)\1+.{0,5}", plain) or any(plain[:8] in run for run in _RUNS):
        return True
    words = [word for word in (*_CONTEXT, *(_normal(text).lower() for text in about)) if len(word) >= 4]
    return any(word in plain and len(plain) - len(word) < 6 for word in words)


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password, salted; takes tens of milliseconds by design."""
    return _HASHER.hash(_normal(password))


def is_right(kept: str, password: str) -> bool:
    """Tell whether a password is the one that was kept; an empty `kept` takes as long and never is.

    Over-long texts are cut before hashing: none of that length was ever accepted.
    """
    try:
        return _HASHER.verify(kept or _dummy(), _normal(password[: MAX_LENGTH * 4])) and bool(kept)
    except (VerificationError, InvalidHashError, UnicodeError):
        return False


def is_outdated(kept: str) -> bool:
    """Tell whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(kept)


def prepare() -> None:
    """Make what the first comparison needs now, so that it does not take longer than the others."""
    _dummy()
    _common()


def _normal(password: str) -> str:
    """Return one form of texts that look alike, so that another keyboard types the same password."""
    return unicodedata.normalize("NFKC", password)


@cache
def _dummy() -> str:
    return _HASHER.hash("nobody has this password")


@cache
def _common() -> frozenset[str]:
    text = files("circularity.accounts").joinpath("data", "common_passwords.txt").read_text("utf-8")
    return frozenset(text.split())
