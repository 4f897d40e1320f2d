"""Signing an organisation up: a form, a mail, and a button behind its link."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from circularity.accounts.links import find_link
from circularity.accounts.people import User, checked_hash
from circularity.accounts.sign_up import (
    ROLES,
    SignUp,
    begin_sign_up,
    check_sign_up,
    finish_sign_up,
    own_organisation,
)
from circularity.accounts.throttles import Counted, TooManyAttemptsError, count_attempt
from circularity.catalogue.regions import all_regions
from circularity.database import writing
from web.auth.forms import Answer, attempt_form, change, network_address, typed
from web.auth.identity import person
from web.auth.mailing import post
from web.auth.mails import known_mail, sign_up_mail
from web.language import language
from web.session import engine, read_session

FORM = "sign-up"


def show_sign_up() -> str:
    """Show the form; somebody who is signed in gives only the organisation."""
    return render_template("auth/sign_up.html", roles=ROLES, regions=all_regions())


def sign_up() -> Answer:
    """Keep what was typed until the mailed link is opened; every address gets the same answer."""
    user = person()
    if user is not None:
        return change(FORM, lambda session, at: _own(session, at, user), show_sign_up)

    def act(at: datetime) -> Answer:
        about = (typed("mail", 254), typed("name", 100))
        check_sign_up(_asked(*about))
        asked = _asked(*about, checked_hash(typed("password", 600), about))
        with writing(engine()).begin() as session:
            seconds = count_attempt(session, at, (Counted("mail", network_address()),))
        if seconds:
            raise TooManyAttemptsError(seconds)
        with writing(engine()).begin() as session:
            key, _ = begin_sign_up(session, at=at, asked=asked)
        to = asked.mail.strip()
        post(known_mail(to) if key is None else sign_up_mail(to, key, asked.name_zh))
        return render_template("auth/mailed.html")

    return attempt_form(FORM, act, show_sign_up)


def show_finish(key: str) -> str:
    """Show what the link would make; opening it makes nothing yet."""
    link = find_link(read_session(), at=datetime.now(UTC), purpose="sign_up", key=key)
    return render_template("auth/finish_sign_up.html", asked=link.facts)


def finish(key: str) -> Answer:
    """Make the person and its organisation."""

    def act(at: datetime) -> Answer:
        with writing(engine()).begin() as session:
            finish_sign_up(session, at=at, key=key)
        return redirect(url_for("auth.log_in", next=url_for("auth.account")), 303)

    return attempt_form("finish", act, lambda: show_finish(key))


def _own(session: Session, at: datetime, user: User) -> str:
    asked = _asked(user.mail, user.name)
    check_sign_up(asked)
    own_organisation(session, at=at, user=session.get_one(User, user.id), asked=asked)
    return url_for("auth.account")


def _asked(mail: str, name: str, password_hash: str = "") -> SignUp:
    return SignUp(
        mail=mail,
        name=name,
        language=language(),
        password_hash=password_hash,
        name_zh=typed("name_zh", 200),
        name_en=typed("name_en", 200),
        credit_code=typed("credit_code", 40),
        roles=tuple(request.form.getlist("roles")[:5]),
        region_code=typed("region_code", 6),
    )
