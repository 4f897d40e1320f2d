"""One's own account: for whom one acts, the password, the second factor."""

from __future__ import annotations

from datetime import datetime

import segno
from flask import make_response, redirect, render_template, url_for
from flask import session as choices
from sqlalchemy.orm import Session

from circularity.accounts.logging_in import actor_of
from circularity.accounts.passwords import is_right
from circularity.accounts.people import User, checked_hash, set_password
from circularity.accounts.provider_identities import identities_of
from circularity.accounts.second_factor import (
    begin_enrolment,
    confirm_enrolment,
    new_recovery_codes,
    provisioning_address,
)
from circularity.accounts.sessions import end_sessions, open_session
from circularity.accounts.standings import is_authority
from circularity.accounts.throttles import Counted, TooManyAttemptsError, count_attempt, forgive
from circularity.database import writing
from circularity.errors import NotAllowed, NotFound
from web.auth.cookie import keep_key
from web.auth.forms import Answer, attempt_form, typed
from web.auth.identity import MEMBERSHIP, Identity, identity, own_memberships, proven
from web.pages.desk.acting import KEY
from web.session import engine, read_session


def signed_in() -> Identity:
    """Return who is signed in; raises NotAllowed where the permission check let a visitor through."""
    found = identity()
    if found is None or found.opened is None:
        raise NotAllowed("not_signed_in", "请先登录", "sign in first")
    return found


def show_account() -> str:
    """Show one's own account."""
    found = signed_in()
    rows = [(row, found.opened is not None and proven(row, found.opened)) for row in own_memberships()]
    wanted = any(is_authority(row.organisation) for row, _ in rows) and not found.user.has_second_factor
    linked = identities_of(read_session(), found.user)
    return render_template(
        "auth/account.html", me=found, memberships=rows, wants_factor=wanted, linked=linked
    )


def choose_membership() -> Answer:
    """Act for another of one's organisations from now on."""
    asked = typed("membership", 40)
    if asked not in {row.public_id for row in own_memberships()}:
        raise NotFound("unknown_member", "没有此成员身份", "there is no such membership")
    choices[MEMBERSHIP] = asked
    choices.pop(KEY, None)
    return redirect(url_for("auth.account"), 303)


def change_password() -> Answer:
    """Change the password: the old one is asked for, every other browser is signed out."""

    def act(at: datetime) -> Answer:
        found = signed_in()
        prove(found.user, at)
        hashed = checked_hash(typed("new_password", 600), (found.user.mail, found.user.name), "new_password")
        with writing(engine()).begin() as session:
            user = session.get_one(User, found.user.id)
            set_password(session, actor=found.actor, at=at, user=user, password_hash=hashed)
            key = _renew(session, user, at, "password", second_factor=_had_factor(found))
        return keep_key(redirect(url_for("auth.account"), 303), key)

    return attempt_form("password", act, show_account)


def show_second_factor() -> str:
    """Show the QR code that waits for confirmation, or the button that makes one."""
    user = signed_in().user
    if user.has_second_factor or not user.totp_pending:
        return render_template("auth/second_factor.html", picture="", secret="")
    code = segno.make(provisioning_address(user), error="m")
    picture = code.svg_data_uri(scale=5, dark="#000", light="#fff")
    return render_template("auth/second_factor.html", picture=picture, secret=user.totp_pending)


def begin_second_factor() -> Answer:
    """Make a secret; the password is asked for once more."""

    def act(at: datetime) -> Answer:
        found = signed_in()
        prove(found.user, at)
        with writing(engine()).begin() as session:
            begin_enrolment(session, actor=found.actor, at=at, user=session.get_one(User, found.user.id))
        return redirect(url_for("auth.second_factor"), 303)

    return attempt_form("begin", act, show_second_factor)


def confirm_second_factor() -> Answer:
    """Put the secret to use and show the recovery codes, this once."""

    def act(at: datetime) -> Answer:
        found = signed_in()
        with writing(engine()).begin() as session:
            user = session.get_one(User, found.user.id)
            codes = confirm_enrolment(
                session, actor=found.actor, at=at, user=user, code="".join(typed("code", 20).split())
            )
            key = _renew(session, user, at, "second_factor", second_factor=True)
        return keep_key(make_response(render_template("auth/recovery_codes.html", codes=codes)), key)

    return attempt_form("confirm", act, show_second_factor)


def renew_recovery_codes() -> Answer:
    """Replace the recovery codes and show the new ones, this once."""

    def act(at: datetime) -> Answer:
        found = signed_in()
        prove(found.user, at)
        if found.opened is None or not found.opened.second_factor:
            raise NotAllowed("no_second_factor", "请先用动态口令登录", "log in with a code first")
        with writing(engine()).begin() as session:
            user = session.get_one(User, found.user.id)
            codes = new_recovery_codes(session, actor=found.actor, at=at, user=user)
        return render_template("auth/recovery_codes.html", codes=codes)

    return attempt_form("renew", act, show_second_factor)


def prove(user: User, at: datetime) -> None:
    """Ask for the password once more, counted like a log-in: a browser left open is not its person."""
    counted = (Counted("account", user.mail),)
    with writing(engine()).begin() as session:
        seconds = count_attempt(session, at, counted)
    if seconds:
        raise TooManyAttemptsError(seconds)
    if not is_right(user.password_hash, typed("password", 600)):
        raise NotAllowed("wrong_credentials", "口令不对", "the password is wrong", field="password")
    with writing(engine()).begin() as session:
        forgive(session, counted)


def _had_factor(found: Identity) -> bool:
    return found.opened is not None and found.opened.second_factor


def _renew(session: Session, user: User, at: datetime, because: str, *, second_factor: bool) -> str:
    """End every session of a person and open one for this browser."""
    actor = actor_of(user)
    end_sessions(session, actor=actor, at=at, user=user, because=because)
    key, _ = open_session(session, actor=actor, at=at, user=user, second_factor=second_factor)
    return key
