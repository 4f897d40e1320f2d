"""Keys that travel by mail: each opens one thing once, for a short time. Only the digest is kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from circularity.accounts.keys import digest, new_key
from circularity.accounts.people import User
from circularity.columns import new_public_id, one_of
from circularity.database import STRICT, Base
from circularity.errors import NotFound

PURPOSES = ("reset", "sign_up")
LIFETIMES = {"reset": timedelta(minutes=30), "sign_up": timedelta(days=1)}


class OneTimeLink(Base):
    """One key for one purpose. `facts` wait for whoever opens it; `used_at` is set once."""

    __tablename__ = "one_time_links"
    __table_args__ = (one_of("purpose", PURPOSES), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    purpose: Mapped[str]
    key_digest: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    facts: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    valid_until: Mapped[datetime]
    used_at: Mapped[datetime | None]

    user: Mapped[User | None] = relationship()


def make_link(
    session: Session, *, at: datetime, purpose: str, user: User | None = None, facts: dict[str, Any]
) -> tuple[str, OneTimeLink]:
    """Return a new key and its row; older links of the same person and purpose open nothing any more."""
    if user is not None:
        older = (OneTimeLink.user_id == user.id, OneTimeLink.purpose == purpose)
        session.execute(update(OneTimeLink).where(*older, OneTimeLink.used_at.is_(None)).values(used_at=at))
    key = new_key()
    link = OneTimeLink(
        public_id=new_public_id(),
        purpose=purpose,
        key_digest=digest(key),
        user=user,
        facts=facts,
        made_at=at,
        valid_until=at + LIFETIMES[purpose],
        used_at=None,
    )
    session.add(link)
    return key, link


def find_link(session: Session, *, at: datetime, purpose: str, key: str) -> OneTimeLink:
    """Return the unused link of a key; raises NotFound alike for an unknown, a used and an old one."""
    found = session.scalar(select(OneTimeLink).filter_by(purpose=purpose, key_digest=digest(key)))
    if found is None or found.used_at is not None or at >= found.valid_until:
        zh, en = "链接无效、已用过或已过期", "this link is unknown, used already or too old"
        raise NotFound("unknown_link", zh, en)
    return found


def use_link(session: Session, *, at: datetime, purpose: str, key: str) -> OneTimeLink:
    """Use a link up and return it; of two that use it at once one succeeds. Raises NotFound."""
    found = find_link(session, at=at, purpose=purpose, key=key)
    change = update(OneTimeLink).where(OneTimeLink.id == found.id, OneTimeLink.used_at.is_(None))
    if session.connection().execute(change.values(used_at=at)).rowcount != 1:
        zh, en = "链接已用过", "this link is used already"
        raise NotFound("unknown_link", zh, en)
    return found
