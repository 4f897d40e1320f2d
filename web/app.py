"""The application: settings, database, language, headers, errors, pages and API, put together once."""

from __future__ import annotations

import logging
from pathlib import Path

from flask import Flask

from circularity.database import create_engine_for
from circularity.sealed_texts import SETTING, has_keys
from web.api.registration import register_api
from web.auth.registration import register_accounts
from web.config import BadSetting, Config, read_config
from web.errors import register_errors
from web.formats import register_formats
from web.health import register_health
from web.language import register_language
from web.pages import register_pages
from web.pages.desk.registration import register_desk
from web.pages.register.registration import register_register
from web.permission_check import register_permissions
from web.security import register_security
from web.session import register_sessions
from web.vendor import is_current

log = logging.getLogger(__name__)


def create_app(config: Config | None = None) -> Flask:
    """Return the application; the database must exist, but is not touched before the first request.

    Raises BadSetting for variables that cannot work.
    """
    settings = config or read_config()
    app = Flask(__name__, root_path=str(Path(__file__).parent))
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.extensions["circularity.config"] = settings
    engine = create_engine_for(settings.database_url)
    if settings.accounts and not has_keys(engine):
        raise BadSetting(f"{SETTING} is needed where people sign in: `circularity user new-key` prints a key")
    register_sessions(app, engine)
    register_language(app)
    register_formats(app)
    register_security(app, settings)
    register_accounts(app, settings)
    register_permissions(app)
    register_errors(app)
    register_health(app)
    register_pages(app)
    register_desk(app)
    register_register(app)
    register_api(app)
    _warn_without_assets()
    return app


def _warn_without_assets() -> None:
    """Say what is missing when the browser libraries are absent or older than their lock file.

    Pages work without them: charts and the map fall back to their tables. Installed packages carry no
    lock file and are complete by construction.
    """
    root = Path(__file__).resolve().parent.parent
    if (root / "package-lock.json").exists() and not is_current(root):
        log.warning("browser libraries are missing or old: run `pip install -e .` to fetch charts and map")
