"""Random keys: whoever shows one is let in, so only its SHA-256 is kept.

A key has 256 random bits, so its digest needs neither salt nor a slow hash.
"""

from __future__ import annotations

import hashlib
import secrets


def new_key() -> str:
    """Return 256 random bits as 43 characters that stand in an address as they are."""
    return secrets.token_urlsafe(32)


def digest(key: str) -> str:
    """Return the SHA-256 of a key, by which it is found again; any text is taken."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
