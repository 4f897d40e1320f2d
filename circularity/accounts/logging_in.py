"""Logging in: password, then a code where one is set up.

Three short steps: the attempt is counted, the password compared outside any transaction (it takes tens of
milliseconds by design), and the session opened. An unknown address takes the same steps and gets the same
answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from circularity.accounts.passwords import hash_password, is_outdated, is_right
from circularity.accounts.people import User, user_of
from circularity.accounts.second_factor import take_code
from circularity.accounts.sessions import UserSession, end_session, open_session, session_of
from circularity.accounts.throttles import (
    Counted,
    TooManyAttemptsError,
    begins_pause,
    count_attempt,
    forgive,
)
from circularity.audit import Actor, record
from circularity.database import writing
from circularity.errors import NotAllowed


@dataclass(frozen=True, slots=True)
class Opened:
    """A browser's key, and whether a code is still wanted before it is in."""

    key: str
    waits_for_code: bool


class WrongCredentialsError(NotAllowed):
    """The same for an unknown, a disabled and a wrong one.

    `pauses`: the account is paused from now on, of which `known`, its mail address if it has one, is told.
    """

    def __init__(self, *, pauses: bool = False, known: str = "") -> None:
        super().__init__("wrong_credentials", "邮箱或口令不对", "mail address or password is wrong")
        self.pauses, self.known = pauses, known


def actor_of(user: User, organisation_public_id: str | None = None) -> Actor:
    """Return a person as the audit chain names it: its name and the first digits of its id."""
    return Actor(f"{user.name} ({user.public_id[:8]})", organisation_public_id, "person")


def log_in(engine: Engine, *, mail: str, password: str, address: str, at: datetime) -> Opened:
    """Open a session for a mail address and its password; `address` is the network address of the browser.

    Raises WrongCredentialsError, TooManyAttemptsError.
    """
    counted = (Counted("account", mail.strip().lower()), Counted("address", address))
    with writing(engine).begin() as session:
        seconds = count_attempt(session, at, counted)
        pauses = begins_pause(session, counted[0])
        user = user_of(session, mail)
        kept = user.password_hash if user is not None and user.disabled_at is None else ""
    if seconds:
        raise TooManyAttemptsError(seconds)
    if not is_right(kept, password):
        raise WrongCredentialsError(pauses=pauses, known=user.mail if user is not None and kept else "")
    better = hash_password(password) if is_outdated(kept) else kept
    with writing(engine).begin() as session:
        return _let_in(session, at, mail, (kept, better), counted)


def finish_with_code(engine: Engine, *, key: str, code: str, address: str, at: datetime) -> str:
    """Let a browser in that waits for a code; return its new key.

    Raises NotAllowed `not_waiting` (begin again), `wrong_code`; TooManyAttemptsError.
    """
    with writing(engine).begin() as session:
        waiting = _waiting(session, key, at)
        counted = (Counted("code", waiting.user.public_id), Counted("address", address))
        seconds = count_attempt(session, at, counted)
    if seconds:
        raise TooManyAttemptsError(seconds)
    with writing(engine).begin() as session:
        waiting = _waiting(session, key, at)
        actor = actor_of(waiting.user)
        forgive(session, counted)
        take_code(session, actor=actor, at=at, user=waiting.user, code=code)
        end_session(session, actor=actor, at=at, opened=waiting, because="renewed")
        fresh, _ = open_session(session, actor=actor, at=at, user=waiting.user, second_factor=True)
        return fresh


def _let_in(
    session: Session, at: datetime, mail: str, hashes: tuple[str, str], counted: tuple[Counted, ...]
) -> Opened:
    """Open the session, unless the password was changed since it was compared."""
    user = user_of(session, mail)
    kept, better = hashes
    if user is None or user.password_hash != kept or user.disabled_at is not None:
        raise WrongCredentialsError()
    forgive(session, counted)
    actor = actor_of(user)
    if better != kept:
        user.password_hash = better
        record(session, actor, at, "user.password_hashed_anew", user, {})
    wanted = user.has_second_factor
    key, _ = open_session(session, actor=actor, at=at, user=user, waits_for_code=wanted)
    return Opened(key, wanted)


def _waiting(session: Session, key: str, at: datetime) -> UserSession:
    found = session_of(session, key, at)
    if found is None or not found.waits_for_code:
        raise NotAllowed("not_waiting", "请重新登录", "please log in again")
    return found
