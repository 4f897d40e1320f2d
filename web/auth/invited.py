"""What stands behind an invitation's link: joining, with a new account or one's own."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import redirect, render_template, url_for

from circularity.accounts.invitations import find_invitation, take_invitation
from circularity.accounts.logging_in import actor_of
from circularity.accounts.people import User, checked_hash, register_user, user_of
from circularity.audit import Actor
from circularity.database import writing
from circularity.errors import NotAllowed
from web.auth.forms import Answer, attempt_form, typed
from web.auth.identity import person
from web.language import language
from web.session import engine, read_session

_NEWCOMER = Actor("invitation", None, "system")


def show_invitation(key: str) -> str:
    """Show who invites, and the form: a new account, or the button for the account that is signed in.

    Whoever holds the link may learn whether its address has an account: the mail went there.
    """
    invitation = find_invitation(read_session(), key, datetime.now(UTC))
    known = user_of(read_session(), invitation.mail) is not None
    return render_template("auth/invitation.html", invitation=invitation, known=known, me=person())


def take(key: str) -> Answer:
    """Join as invited."""

    def act(at: datetime) -> Answer:
        me = person()
        invitation = find_invitation(read_session(), key, at)
        if me is None and user_of(read_session(), invitation.mail) is not None:
            zh, en = "请先用该邮箱的账户登录", "log in first with the account of that address"
            raise NotAllowed("log_in_first", zh, en)
        hashed = "" if me else checked_hash(typed("password", 600), (invitation.mail, typed("name", 100)))
        with writing(engine()).begin() as session:
            user = (
                session.get_one(User, me.id)
                if me
                else register_user(
                    session,
                    actor=_NEWCOMER,
                    at=at,
                    mail=invitation.mail,
                    name=typed("name", 100),
                    language=language(),
                    password_hash=hashed,
                )
            )
            take_invitation(session, actor=actor_of(user), at=at, key=key, user=user)
        return redirect(url_for("auth.account"), 303)

    return attempt_form("invitation", act, lambda: show_invitation(key))
