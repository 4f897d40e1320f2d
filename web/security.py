"""What is refused before anything else is asked, and the headers of every answer.

A browser says where a request comes from: what another site makes it send is refused. Scripts come from our
own origin only; nothing is evaluated, nothing is inline. Which names the server answers to is a setting.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.datastructures import MultiDict

from circularity.errors import NotAllowed
from web.config import Config
from web.http_problems import Refusal

SAFE = ("GET", "HEAD", "OPTIONS")
API = "/api/"
FORMS = ("", "application/x-www-form-urlencoded", "multipart/form-data")
"""Types of what a page's form sends; "" = nothing is sent."""


def content_policy(config: Config) -> str:
    """Return the Content-Security-Policy.

    `style-src 'unsafe-inline'` is there because ECharts lays out its tooltips with inline styles, and
    Leaflet its panes; scripts never need it. Forms lead to our own pages, and from there to the log-in
    providers: browsers apply `form-action` to redirections too.
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
            " ".join(["form-action 'self'", *(at for one in config.providers for at in one.origins)]),
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
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
    }

    if config.secure_cookies:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    app.config["TRUSTED_HOSTS"] = list(config.trusted_hosts) or None
    app.before_request(_refuse_other_sites)
    app.before_request(_refuse_strange_forms)
    app.before_request(_refuse_broken_text)

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if response.mimetype == "text/html":
            response.headers.setdefault("Cache-Control", "no-cache")
            response.vary.update(["Accept-Language", "Cookie"])
        return response


def _refuse_other_sites() -> None:
    """Refuse a change that another site makes a reader's browser send (cross-site request forgery).

    Every browser of today sends Sec-Fetch-Site or Origin with it, and no site can forge or drop them. What
    says nothing of where it comes from is refused by every page, signed in or not: so nobody is logged in
    by another site either; the API takes it, because it reads no cookie: programs show their token.
    """
    if request.method in SAFE:
        return
    told = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin", request.headers.get("Referer"))
    if told is None and origin is None:
        if not request.path.startswith(API):
            zh, en = "请求未说明来自哪个网站", "this does not say which site sent it"
            raise NotAllowed("silent_form", zh, en)
        return
    own = told in ("same-origin", "none") if told is not None else urlsplit(origin).netloc == request.host
    if not own:
        raise NotAllowed("foreign_form", "请求来自其他网站", "this was sent by another site")


def _refuse_strange_forms() -> None:
    """Refuse bodies of pages that are no forms; the API judges its own."""
    if request.method in SAFE or request.path.startswith(API):
        return
    if request.mimetype not in FORMS:
        raise Refusal(415, "unsupported_media_type", "应以表单提交", "a form is expected")


def _refuse_broken_text() -> None:
    """Refuse NUL, which no database can keep, in addresses, queries and fields of forms."""
    texts = [request.path, *_words(request.args)]
    if request.mimetype in FORMS[1:]:
        texts += _words(request.form)
        texts += [part.filename or "" for part in request.files.values()]
    if any("\0" in text for text in texts):
        raise Refusal(400, "broken_text", "文本含有无效字符", "a text contains NUL")


def _words(given: MultiDict[str, str]) -> list[str]:
    return [word for pair in given.items(multi=True) for word in pair]
