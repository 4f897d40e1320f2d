"""Keys of programs: made by an owner, shown once, revoked at once."""

from __future__ import annotations

from datetime import datetime

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from circularity.accounts.api_tokens import make_token, revoke_token, tokens_of
from circularity.accounts.memberships import Membership
from circularity.database import writing
from circularity.errors import BadInput, InputProblem
from circularity.policy.acting import SCOPES
from web.auth.forms import Answer, attempt_form, change, typed
from web.auth.membership import acting_as, organisation_in
from web.session import engine, read_session


def show_tokens(key: str = "") -> str:
    """Show the organisation's tokens, and a new one this once."""
    _, mine = acting_as()
    tokens = tokens_of(read_session(), mine.organisation)
    return render_template("auth/tokens.html", tokens=tokens, scopes=SCOPES, key=key, mine=mine)


def make() -> Answer:
    """Make a token."""

    def act(at: datetime) -> Answer:
        found, mine = acting_as()
        with writing(engine()).begin() as session:
            key, _ = make_token(
                session,
                actor=found.actor,
                at=at,
                maker=session.get_one(Membership, mine.id),
                name=typed("token_name", 100),
                scopes=request.form.getlist("scopes")[:5],
                days=_days(),
            )
        return show_tokens(key)

    return attempt_form("token", act, show_tokens)


def revoke(public_id: str) -> Answer:
    """End a token."""
    found, _ = acting_as()

    def verb(session: Session, at: datetime) -> str:
        revoke_token(
            session, actor=found.actor, at=at, organisation=organisation_in(session), public_id=public_id
        )
        return url_for("auth.tokens")

    return change("tokens", verb, show_tokens)


def _days() -> int:
    text = typed("days", 6).strip()
    if text.isascii() and text.isdigit():
        return int(text)
    zh, en = "days 应为整数", "days must be a whole number"
    raise BadInput([InputProblem("token", None, "days", "not_a_number", text[:80], zh, en)])
