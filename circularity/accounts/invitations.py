"""Inviting people by mail: whoever opens the link joins with the role it was made for, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ForeignKey, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from circularity.accounts.keys import digest, new_key
from circularity.accounts.memberships import Membership, add_member, check_membership
from circularity.accounts.people import User, check_mail
from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.columns import new_public_id, one_of
from circularity.database import STRICT, Base
from circularity.errors import NotAllowed, NotFound
from circularity.fields import Checks
from circularity.organisations import Organisation
from circularity.policy.acting import MEMBERSHIPS

LIFETIME = timedelta(days=7)


class Invitation(Base):
    """One invitation of a mail address. `taken_at` or `withdrawn_at` closes it; `sites` as in Membership."""

    __tablename__ = "invitations"
    __table_args__ = (one_of("role", MEMBERSHIPS), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    mail: Mapped[str]
    role: Mapped[str]
    sites: Mapped[tuple[str, ...]]
    expires_on: Mapped[date | None]
    key_digest: Mapped[str] = mapped_column(unique=True)
    invited_by: Mapped[str]
    invited_at: Mapped[datetime]
    valid_until: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)

    def is_open(self, at: datetime) -> bool:
        """Tell whether somebody can still take it."""
        return self.taken_at is None and self.withdrawn_at is None and at < self.valid_until


def invite(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    organisation: Organisation,
    mail: str,
    role: str,
    sites: Sequence[str] = (),
    expires_on: date | None = None,
) -> tuple[str, Invitation]:
    """Invite an address; return the key for its mail and the row. Raises BadInput.

    An open invitation of the same address is replaced.
    """
    checks = Checks("invitation")
    plain = check_mail(checks, "mail", mail)
    check_membership(checks, session, organisation, role, sites, expires_on, delta_day(at))
    checks.finish()
    same = (Invitation.organisation_id == organisation.id, Invitation.mail == plain)
    still = (Invitation.taken_at.is_(None), Invitation.withdrawn_at.is_(None))
    session.execute(update(Invitation).where(*same, *still).values(withdrawn_at=at))
    key = new_key()
    invitation = Invitation(
        public_id=new_public_id(),
        organisation=organisation,
        mail=plain,
        role=role,
        sites=tuple(sites),
        expires_on=expires_on,
        key_digest=digest(key),
        invited_by=actor.name,
        invited_at=at,
        valid_until=at + LIFETIME,
        taken_at=None,
        withdrawn_at=None,
    )
    session.add(invitation)
    facts = {"organisation": organisation, "role": role, "sites": tuple(sites), "expires_on": expires_on}
    record(session, actor, at, "invitation.sent", invitation, facts)
    return key, invitation


def open_invitations(session: Session, organisation: Organisation, at: datetime) -> list[Invitation]:
    """Return what an organisation waits for, newest first."""
    wanted = select(Invitation).where(Invitation.organisation_id == organisation.id)
    found = session.scalars(wanted.order_by(Invitation.invited_at.desc(), Invitation.id.desc()))
    return [row for row in found if row.is_open(at)]


def find_invitation(session: Session, key: str, at: datetime) -> Invitation:
    """Return the open invitation of a key; raises NotFound for any other, all alike."""
    found = session.scalar(select(Invitation).where(Invitation.key_digest == digest(key)))
    if found is None or not found.is_open(at):
        zh, en = "邀请无效、已接受、已撤回或已过期", "this invitation is unknown, taken, withdrawn or too old"
        raise NotFound("unknown_invitation", zh, en)
    return found


def take_invitation(session: Session, *, actor: Actor, at: datetime, key: str, user: User) -> Membership:
    """Join as invited. Raises NotFound; NotAllowed `invited_somebody_else`; RuleBroken `member_already`."""
    invitation = find_invitation(session, key, at)
    if user.mail != invitation.mail:
        zh, en = "此邀请发给了另一个邮箱", "this invitation was sent to another mail address"
        raise NotAllowed("invited_somebody_else", zh, en)
    still = (Invitation.id == invitation.id, Invitation.taken_at.is_(None))
    taken = update(Invitation).where(*still, Invitation.withdrawn_at.is_(None)).values(taken_at=at)
    if session.connection().execute(taken).rowcount != 1:
        raise NotFound("unknown_invitation", "邀请已用过", "this invitation is used already")
    return add_member(
        session,
        actor=actor,
        at=at,
        user=user,
        organisation=invitation.organisation,
        role=invitation.role,
        sites=invitation.sites,
        expires_on=invitation.expires_on,
    )


def withdraw_invitation(
    session: Session, *, actor: Actor, at: datetime, organisation: Organisation, public_id: str
) -> None:
    """Take an invitation back; raises NotFound for one that is not open, or another organisation's."""
    this = (Invitation.organisation_id == organisation.id, Invitation.public_id == public_id)
    found = session.scalar(select(Invitation).where(*this))
    if found is None or not found.is_open(at):
        raise NotFound("unknown_invitation", "没有此邀请", "there is no such invitation")
    found.withdrawn_at = at
    record(session, actor, at, "invitation.withdrawn", found, {})
