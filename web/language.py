"""Chinese by default, English one click away: `?lang=` is remembered, else the browser is asked."""

from __future__ import annotations

import logging
from datetime import tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, g, request, session, url_for
from flask_babel import Babel

from web.translate import compile_messages

log = logging.getLogger(__name__)

LOCALES = {"zh": "zh_Hans_CN", "en": "en"}
"""Language of an address (`?lang=en`) to the folder of its translations."""

SHANGHAI = ZoneInfo("Asia/Shanghai")


def register_language(app: Flask) -> None:
    """Choose the language of each request and give templates the means to switch it."""
    folder = Path(app.root_path) / "translations"
    try:
        # In a working tree the .po changes without a build; stale .mo would show yesterday's words.
        compile_messages(folder)
    except OSError:
        log.info("translations cannot be compiled here; those of the build are used")
    babel = Babel()
    babel.init_app(
        app,
        default_locale=LOCALES["zh"],
        default_translation_directories=str(folder),
        locale_selector=lambda: LOCALES[language()],
        timezone_selector=_zone,
    )
    app.before_request(_remember)
    app.context_processor(_for_templates)


def language() -> str:
    """Return `zh` or `en` for this request: `?lang=`, else the cookie, else the browser, else Chinese."""
    if "language" not in g:
        asked = request.args.get("lang", "")
        kept = session.get("lang", "")
        if asked in LOCALES:
            g.language = asked
        elif kept in LOCALES:
            g.language = kept
        else:
            g.language = request.accept_languages.best_match(["zh", "zh-CN", "en"], "zh")[:2]
    return str(g.language)


def said(thing: Any, field: str = "name") -> str:
    """Return `field` of a thing (`name_zh`, `name_en`) in the reader's language, else in the other."""
    own, other = ("zh", "en") if language() == "zh" else ("en", "zh")
    return str(getattr(thing, f"{field}_{own}", "") or getattr(thing, f"{field}_{other}", "") or "")


def _zone() -> tzinfo:
    return SHANGHAI


def _remember() -> None:
    asked = request.args.get("lang")
    if asked in LOCALES and session.get("lang") != asked:
        session["lang"] = asked
        session.permanent = True


def _switch_to(code: str) -> str:
    """Return the address of this very page in another language, filters kept."""
    if request.endpoint is None:
        return url_for("pages.start", lang=code)
    kept = {key: value for key, value in request.args.to_dict(flat=False).items() if key != "lang"}
    return url_for(request.endpoint, **{**(request.view_args or {}), **kept, "lang": code})


def _for_templates() -> dict[str, Any]:
    return {"language": language(), "switch_to": _switch_to, "said": said}
