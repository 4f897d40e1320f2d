"""Headers of every answer. Scripts come from our own origin only; nothing is evaluated, nothing is inline."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request

from circularity.errors import NotAllowed
from web.config import Config


def content_policy(config: Config) -> str:
    """Return the Content-Security-Policy.

    `style-src 'unsafe-inline'` is there because ECharts lays out its tooltips with inline styles, and
    Leaflet its panes; scripts never need it.
    """
    images = " ".join(filter(None, ["img-src 'self' data:", config.tiles_origin]))
    return "; ".join(
        [
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self' 'unsafe-inline'",
            images,
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def register_security(app: Flask, config: Config) -> None:
    """Send the headers with every answer, errors and files included."""
    headers = {
        "Content-Security-Policy": content_policy(config),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
    }

    @app.before_request
    def refuse_forms_of_others() -> None:
        """Refuse what another site makes a reader's browser send; the API takes no forms."""
        if request.method in ("GET", "HEAD", "OPTIONS") or request.path.startswith("/api/"):
            return
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            raise NotAllowed("foreign_form", "请求来自其他网站", "this was sent by another site")

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if response.mimetype == "text/html":
            response.headers.setdefault("Cache-Control", "no-cache")
            response.vary.update(["Accept-Language", "Cookie"])
        return response
