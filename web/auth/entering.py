"""Logging in with a password and, where one is set up, a code; logging out."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from circularity.accounts.logging_in import (
    Opened,
    WrongCredentialsError,
    actor_of,
    finish_with_code,
    log_in,
)
from circularity.accounts.memberships import memberships_of
from circularity.accounts.sessions import end_session, session_of
from circularity.calendar_days import delta_day
from circularity.database import reading, writing
from web.auth.cookie import drop_key, keep_key, key_of_browser
from web.auth.forms import Answer, attempt_form, network_address, typed
from web.auth.identity import proven
from web.auth.local_paths import local_path
from web.auth.mailing import NO_MAIL, post
from web.auth.mails import paused_mail
from web.session import engine


def show_log_in() -> str:
    """Show the form."""
    return render_template("auth/log_in.html", next=wanted_page())


def enter() -> Answer:
    """Let a browser in, or on to its code."""

    def act(at: datetime) -> Answer:
        mail, password = typed("mail", 254), typed("password", 600)
        try:
            opened = log_in(engine(), mail=mail, password=password, address=network_address(), at=at)
        except WrongCredentialsError as wrong:
            if wrong.pauses:
                post(paused_mail(wrong.known) if wrong.known else NO_MAIL)
            raise
        return let_in(opened, at, wanted_page())

    return attempt_form("log-in", act, show_log_in)


def let_in(opened: Opened, at: datetime, wanted: str) -> Response:
    """Let the browser keep its key and lead it in, or on to its code; `wanted` is the page to see then."""
    to = url_for("auth.code", next=wanted) if opened.waits_for_code else _after(opened.key, at, wanted)
    return keep_key(redirect(to, 303), opened.key)


def show_code() -> str:
    """Show the form for the code."""
    return render_template("auth/code.html", next=wanted_page())


def enter_code() -> Answer:
    """Let a browser in that gave its password before."""

    def act(at: datetime) -> Answer:
        key = finish_with_code(
            engine(), key=key_of_browser(), code=typed("code", 100), address=network_address(), at=at
        )
        return keep_key(redirect(_after(key, at, wanted_page()), 303), key)

    return attempt_form("code", act, show_code)


def log_out() -> Answer:
    """End the session, wherever the form was sent from."""
    at = datetime.now(UTC)
    with writing(engine()).begin() as session:
        opened = session_of(session, key_of_browser(), at)
        if opened is not None:
            end_session(session, actor=actor_of(opened.user), at=at, opened=opened, because="log_out")
    return drop_key(redirect(url_for("pages.start"), 303))


def wanted_page() -> str:
    """Return the page of ours that somebody wanted to see before, "" for none."""
    return local_path(request.values.get("next", ""), "")


def _after(key: str, at: datetime, wanted: str) -> str:
    """Return the page that was wanted, else the desk; who may act for nobody yet sees the account say so."""
    if wanted:
        return wanted
    # The session of this request began before the log-in and does not see it.
    with reading(engine())() as session:
        opened = session_of(session, key, at)
        mine = memberships_of(session, opened.user, delta_day(at)) if opened else []
        usable = opened is not None and any(proven(row, opened) for row in mine)
    return url_for("desk.home" if usable else "auth.account")
