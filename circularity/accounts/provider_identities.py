"""Logging in through a provider: who somebody is there (issuer and subject), linked to a person here.

A link is made by the signed-in person. Where the operator trusts a provider so far, also by a mail address
that the provider has verified, or by the credit code of a verified organisation with one owner: but never for
an account with a second factor or of an authority, nor where the person has a link to this issuer already. So
nobody who can name an address at some provider enters an account that asks for more than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship
from stdnum.cn import uscc

from circularity.accounts.logging_in import Opened, actor_of
from circularity.accounts.memberships import memberships_of, owners_of
from circularity.accounts.people import User, user_of
from circularity.accounts.sessions import open_session
from circularity.accounts.standings import is_authority, is_verified
from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.columns import new_public_id
from circularity.database import STRICT, Base
from circularity.errors import NotAllowed, NotFound, RuleBroken
from circularity.organisations import Organisation


class ProviderIdentity(Base):
    """One subject of one issuer and the person it is here. `provider` is the operator's name for it."""

    __tablename__ = "provider_identities"
    __table_args__ = (UniqueConstraint("issuer", "subject", name="uq_provider_identities_subject"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    provider: Mapped[str]
    issuer: Mapped[str]
    subject: Mapped[str]
    linked_at: Mapped[datetime]

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a provider has proven about who logs in.

    `mail` and `credit_code` are "" unless the operator lets them link; `strong`: it was proven with what the
    operator takes for a second factor.
    """

    provider: str
    issuer: str
    subject: str
    mail: str = ""
    credit_code: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Entered:
    """The session that was opened, and the person if the link is new, who is to be told by mail."""

    opened: Opened
    newly_linked: User | None


def enter(session: Session, *, at: datetime, told: Told) -> Entered:
    """Open a session for a provider's subject; a second factor of the person's own is asked for besides.

    Raises NotAllowed `not_linked`, the same for a subject of nobody and of somebody disabled.
    """
    known = _identity(session, told)
    user = known.user if known is not None else _linkable(session, told, at)
    if user is None or user.disabled_at is not None:
        zh = "此登录方式尚未与账户关联：请先用口令登录，再在“账户”中关联"
        en = "this log-in is linked to no account: log in with the password first and link it under Account"
        raise NotAllowed("not_linked", zh, en)
    if known is None:
        _link(session, actor_of(user), at, user, told, how="claim")
    waits = user.has_second_factor and not told.strong
    key, _ = open_session(
        session, actor=actor_of(user), at=at, user=user, second_factor=told.strong, waits_for_code=waits
    )
    return Entered(Opened(key, waits), user if known is None else None)


def link_identity(session: Session, *, actor: Actor, at: datetime, user: User, told: Told) -> None:
    """Link a subject to the signed-in person; twice is once. Raises RuleBroken `linked_elsewhere`."""
    known = _identity(session, told)
    if known is None:
        _link(session, actor, at, user, told, how="person")
    elif known.user_id != user.id:
        raise _elsewhere()


def identities_of(session: Session, user: User) -> list[ProviderIdentity]:
    """Return the log-ins linked to a person, the oldest first."""
    own = select(ProviderIdentity).where(ProviderIdentity.user_id == user.id)
    return list(session.scalars(own.order_by(ProviderIdentity.id)))


def unlink_identity(session: Session, *, actor: Actor, at: datetime, user: User, public_id: str) -> None:
    """Take a link away; raises NotFound, also for another person's."""
    found = next((row for row in identities_of(session, user) if row.public_id == public_id), None)
    if found is None:
        raise NotFound("unknown_link", "没有此关联", "there is no such link")
    record(session, actor, at, "user.provider_unlinked", found, {"user": user, "provider": found.provider})
    session.delete(found)


def _identity(session: Session, told: Told) -> ProviderIdentity | None:
    return session.scalar(select(ProviderIdentity).filter_by(issuer=told.issuer, subject=told.subject))


def _link(session: Session, actor: Actor, at: datetime, user: User, told: Told, how: str) -> None:
    row = ProviderIdentity(
        public_id=new_public_id(), user=user, provider=told.provider, issuer=told.issuer,
        subject=told.subject, linked_at=at,
    )  # fmt: skip
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:  # two browsers come back at once
        raise _elsewhere() from error
    # the subject is personal data (a number of somebody elsewhere): the audit chain names the row instead
    facts = {"user": user, "provider": told.provider, "issuer": told.issuer, "how": how}
    record(session, actor, at, "user.provider_linked", row, facts)


def _elsewhere() -> RuleBroken:
    zh, en = "此登录方式已关联另一个账户", "this log-in is linked to another account"
    return RuleBroken("linked_elsewhere", zh, en)


def _linkable(session: Session, told: Told, at: datetime) -> User | None:
    """Return the one person that a claim names and that may be linked by it."""
    user = user_of(session, told.mail) if told.mail else _sole_owner(session, told.credit_code)
    if user is None or user.has_second_factor:
        return None
    acts_for = [row.organisation for row in memberships_of(session, user, delta_day(at))]
    linked = any(row.issuer == told.issuer for row in identities_of(session, user))
    return None if linked or any(map(is_authority, acts_for)) else user


def _sole_owner(session: Session, credit_code: str) -> User | None:
    code = uscc.compact(credit_code)
    found = session.scalar(select(Organisation).where(Organisation.credit_code == code)) if code else None
    if found is None or not is_verified(session, found):
        return None
    owners = owners_of(session, found)
    return owners[0].user if len(owners) == 1 else None
