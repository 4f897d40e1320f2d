"""Where a form may lead: to a page of our own, never to another site."""

from __future__ import annotations

from urllib.parse import urlsplit


def local_path(text: str, otherwise: str) -> str:
    """Return `text` if it is a path on this very site, else `otherwise`.

    Browsers read `//host` and `/\\host` as other sites and skip control characters: all are refused.
    """
    plain = text.isprintable() and "\\" not in text and len(text) <= 500
    if not plain or not text.startswith("/") or text.startswith("//"):
        return otherwise
    parts = urlsplit(text)
    return text if not parts.scheme and not parts.netloc else otherwise
