"""A way to a log-in provider and back: begun in one browser, good once, for ten minutes.

The browser alone keeps the key. What the provider is told and must bring back (`state`, `nonce`) and what
proves that the same browser returns (the verifier of PKCE) are digests of it: this table opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from circularity.accounts.keys import digest, new_key
from circularity.accounts.people import User
from circularity.columns import new_public_id
from circularity.database import STRICT, Base
from circularity.errors import NotAllowed

LIFETIME = timedelta(minutes=10)


class ProviderAttempt(Base):
    """One attempt. `user_id`: the signed-in person who wants to link a log-in, None = somebody logs in.

    `back` is the local path to go to afterwards.
    """

    __tablename__ = "provider_attempts"
    __table_args__ = (STRICT,)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    key_digest: Mapped[str] = mapped_column(unique=True)
    provider: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    back: Mapped[str]
    valid_until: Mapped[datetime]
    used_at: Mapped[datetime | None]

    user: Mapped[User | None] = relationship()


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is derived from the key of one attempt."""

    state: str
    nonce: str
    verifier: str


def secrets_of(key: str) -> Secrets:
    """Return what belongs to a key; each has 256 bits and none tells another or the key."""
    return Secrets(*(digest(f"{purpose}:{key}") for purpose in ("state", "nonce", "verifier")))


def begin_attempt(
    session: Session, *, at: datetime, provider: str, user: User | None = None, back: str = ""
) -> str:
    """Return the key of a new attempt; those whose time is over are forgotten."""
    session.execute(delete(ProviderAttempt).where(ProviderAttempt.valid_until < at))
    key = new_key()
    attempt = ProviderAttempt(
        public_id=new_public_id(), key_digest=digest(key), provider=provider, user=user, back=back,
        valid_until=at + LIFETIME, used_at=None,
    )  # fmt: skip
    session.add(attempt)
    return key


def use_attempt(session: Session, *, at: datetime, provider: str, key: str) -> ProviderAttempt:
    """Use an attempt up and return it; of two at once one succeeds.

    Raises NotAllowed `begin_again`, alike for an unknown, a used and an old one, and for another provider's.
    """
    this = (ProviderAttempt.key_digest == digest(key), ProviderAttempt.provider == provider)
    unused = (ProviderAttempt.used_at.is_(None), ProviderAttempt.valid_until > at)
    change = update(ProviderAttempt).where(*this, *unused).values(used_at=at)
    if session.connection().execute(change).rowcount != 1:
        raise begin_again()
    return session.scalars(select(ProviderAttempt).where(*this)).one()


def begin_again() -> NotAllowed:
    """Return the refusal of an answer that belongs to no attempt of this browser."""
    zh, en = "登录请求已失效，请重新开始", "this log-in is no longer under way: please begin again"
    return NotAllowed("begin_again", zh, en)
