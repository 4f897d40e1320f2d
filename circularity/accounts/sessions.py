"""A signed-in browser: a random key in its cookie, and here only the key's digest.

A session ends when it is idle or old, when its person logs out, changes the password, is disabled or gets
another role. It is asked for at every request: there is no right that outlives its row.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from circularity.accounts.keys import digest, new_key
from circularity.accounts.people import User
from circularity.audit import Actor, record
from circularity.columns import new_public_id, one_of
from circularity.database import STRICT, Base

IDLE, LONGEST = timedelta(hours=1), timedelta(hours=12)
WAITING_FOR_CODE = timedelta(minutes=10)
NOTED_EVERY = timedelta(minutes=2)
"""That a session is used is written this often at most, so that reading pages hardly writes."""

ENDS = ("", "log_out", "password", "role", "disabled", "second_factor", "renewed")


class UserSession(Base):
    """One browser of one person. `second_factor`: proven by a code as well; `waits_for_code`: not yet in."""

    __tablename__ = "user_sessions"
    __table_args__ = (one_of("ended_because", ENDS), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    key_digest: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    second_factor: Mapped[bool]
    waits_for_code: Mapped[bool]
    opened_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str]

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)

    def is_open(self, at: datetime) -> bool:
        """Tell whether the session still lets its person in (or, waiting for a code, may be completed)."""
        if self.ended_at is not None or self.user.disabled_at is not None:
            return False
        if self.waits_for_code:
            return at - self.opened_at < WAITING_FOR_CODE
        return at - self.opened_at < LONGEST and at - self.seen_at < IDLE


def open_session(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    user: User,
    second_factor: bool = False,
    waits_for_code: bool = False,
) -> tuple[str, UserSession]:
    """Let a browser in; return its key, which nobody can tell again, and the row."""
    key = new_key()
    opened = UserSession(
        public_id=new_public_id(),
        key_digest=digest(key),
        user=user,
        second_factor=second_factor,
        waits_for_code=waits_for_code,
        opened_at=at,
        seen_at=at,
        ended_at=None,
        ended_because="",
    )
    session.add(opened)
    facts = {"user": user, "second_factor": second_factor, "waits_for_code": waits_for_code}
    record(session, actor, at, "session.opened", opened, facts)
    return key, opened


def session_of(session: Session, key: str, at: datetime) -> UserSession | None:
    """Return the open session of a key, None for any other."""
    found = session.scalar(select(UserSession).where(UserSession.key_digest == digest(key)))
    return found if found is not None and found.is_open(at) else None


def note_use(session: Session, opened_id: int, at: datetime) -> None:
    """Note that a session was used, so that it does not become idle."""
    change = update(UserSession).where(UserSession.id == opened_id, UserSession.seen_at < at)
    session.execute(change.values(seen_at=at))


def is_due(opened: UserSession, at: datetime) -> bool:
    """Tell whether the use of a session is to be noted again."""
    return at - opened.seen_at >= NOTED_EVERY


def end_session(session: Session, *, actor: Actor, at: datetime, opened: UserSession, because: str) -> None:
    """End one session; one that has ended stays as it ended."""
    this = (UserSession.id == opened.id, UserSession.ended_at.is_(None))
    change = update(UserSession).where(*this).values(ended_at=at, ended_because=because)
    if session.connection().execute(change).rowcount:
        record(session, actor, at, "session.ended", opened, {"user": opened.user, "because": because})


def end_sessions(session: Session, *, actor: Actor, at: datetime, user: User, because: str) -> int:
    """End all sessions of a person, the one in hand included; return how many were open."""
    this = (UserSession.user_id == user.id, UserSession.ended_at.is_(None))
    change = update(UserSession).where(*this).values(ended_at=at, ended_because=because)
    ended: int = session.connection().execute(change).rowcount
    if ended:
        record(session, actor, at, "user.sessions_ended", user, {"because": because, "sessions": ended})
    return ended
