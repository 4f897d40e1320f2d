"""The cookie that holds a browser's key: for us only, unreadable to scripts, gone with the browser."""

from __future__ import annotations

from flask import current_app, request
from flask import session as choices
from werkzeug.wrappers import Response

from circularity.accounts.provider_attempts import LIFETIME


def key_of_browser() -> str:
    """Return the key that the browser sent, "" for none."""
    return request.cookies.get(_name(), "")[:200]


def keep_key(response: Response, key: str) -> Response:
    """Let the browser keep its key; what it chose before it was let in is forgotten, but for the language."""
    for name in [name for name in choices if name != "lang"]:
        choices.pop(name)
    response.set_cookie(_name(), key, httponly=True, samesite="Lax", secure=_is_secure(), path="/")
    return response


def drop_key(response: Response) -> Response:
    """Let the browser forget its key and its choices."""
    for name in [name for name in choices if name != "lang"]:
        choices.pop(name)
    response.delete_cookie(_name(), httponly=True, samesite="Lax", secure=_is_secure(), path="/")
    return response


def attempt_of_browser() -> str:
    """Return the key of the way to a provider on which the browser is, "" for none."""
    return request.cookies.get(_name("attempt"), "")[:200]


def keep_attempt(response: Response, key: str) -> Response:
    """Let the browser keep the key of its way to a provider, as long as that is good."""
    response.set_cookie(
        _name("attempt"), key, max_age=LIFETIME, httponly=True, samesite="Lax", secure=_is_secure(), path="/"
    )
    return response


def drop_attempt(response: Response) -> Response:
    """Let the browser forget the way to a provider."""
    response.delete_cookie(_name("attempt"), httponly=True, samesite="Lax", secure=_is_secure(), path="/")
    return response


def _is_secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])


def _name(what: str = "key") -> str:
    # Browsers take a `__Host-` cookie from nobody but this very host, and only over TLS.
    return f"__Host-circ_{what}" if _is_secure() else f"circ_{what}"
