"""A forgotten password: a mail with a link, and a form behind it."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import redirect, render_template, url_for

from circularity.accounts.links import find_link, make_link, use_link
from circularity.accounts.logging_in import actor_of
from circularity.accounts.people import checked_hash, set_password, user_of
from circularity.accounts.sessions import end_sessions
from circularity.accounts.throttles import Counted, TooManyAttemptsError, count_attempt, forgive
from circularity.audit import Actor, record
from circularity.database import writing
from circularity.errors import NotFound
from web.auth.forms import Answer, attempt_form, network_address, typed
from web.auth.mailing import NO_MAIL, post
from web.auth.mails import reset_mail
from web.session import engine, read_session

_NOBODY = Actor("forgotten password", None, "system")


def show_forgotten() -> str:
    """Show the form."""
    return render_template("auth/forgotten.html")


def ask() -> Answer:
    """Mail a link to a known address; the answer is one and the same for every address."""

    def act(at: datetime) -> Answer:
        mail = typed("mail", 254)
        with writing(engine()).begin() as session:
            seconds = count_attempt(session, at, (Counted("mail", network_address()),))
            user = None if seconds else user_of(session, mail)
            user = user if user is not None and user.disabled_at is None else None
            if not seconds:
                # for nobody too: a link that opens nothing, and a mail that goes nowhere, take as long
                key, link = make_link(session, at=at, purpose="reset", user=user, facts={})
                session.flush()
                record(session, actor_of(user) if user else _NOBODY, at, "user.reset_asked", user or link, {})
        if seconds:
            raise TooManyAttemptsError(seconds)
        post(reset_mail(user.mail, key) if user is not None else NO_MAIL)
        return render_template("auth/mailed.html")

    return attempt_form("forgotten", act, show_forgotten)


def show_new_password(key: str) -> str:
    """Show the form behind a link that still opens something."""
    find_link(read_session(), at=datetime.now(UTC), purpose="reset", key=key)
    return render_template("auth/new_password.html")


def set_new(key: str) -> Answer:
    """Keep the new password and end every session; the second factor stays."""

    def act(at: datetime) -> Answer:
        user = find_link(read_session(), at=at, purpose="reset", key=key).user
        if user is None or user.disabled_at is not None:
            raise NotFound("unknown_link", "链接无效", "this link is unknown")
        hashed = checked_hash(typed("password", 600), (user.mail, user.name))
        with writing(engine()).begin() as session:
            user = use_link(session, at=at, purpose="reset", key=key).user
            if user is None:
                raise NotFound("unknown_link", "链接无效", "this link is unknown")
            forgive(session, (Counted("account", user.mail),))
            actor = actor_of(user)
            set_password(session, actor=actor, at=at, user=user, password_hash=hashed)
            end_sessions(session, actor=actor, at=at, user=user, because="password")
        return redirect(url_for("auth.log_in"), 303)

    return attempt_form("new-password", act, lambda: show_new_password(key))
