"""Who acts for which organisation, and as what: owner, operator, reader or driver.

Every change of somebody's role ends that person's sessions, so that no browser keeps an old right. The last
owner stays: somebody must be able to invite the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from circularity.accounts.people import User
from circularity.accounts.sessions import end_sessions
from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.columns import new_public_id, one_of
from circularity.database import STRICT, Base
from circularity.errors import NotFound, RuleBroken
from circularity.fields import Checks
from circularity.organisations import Organisation, Site
from circularity.policy.acting import MEMBERSHIPS

OWNER = "owner"
DELEGATED = ("", *MEMBERSHIPS)
_CURRENT = text("ended_at IS NULL")


class Membership(Base):
    """One person in one organisation, at most once at a time.

    `sites` are public ids of the sites it is about, empty = all. `expires_on` is the last day of one that was
    given for a time. `delegated_role` is what a colleague lent until `delegated_until`, both days included.
    """

    __tablename__ = "memberships"
    __table_args__ = (
        one_of("role", MEMBERSHIPS),
        one_of("delegated_role", DELEGATED),
        Index(
            "uq_memberships_current",
            "user_id",
            "organisation_id",
            unique=True,
            sqlite_where=_CURRENT,
            postgresql_where=_CURRENT,
        ),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    role: Mapped[str]
    sites: Mapped[tuple[str, ...]]
    expires_on: Mapped[date | None]
    delegated_role: Mapped[str]
    delegated_until: Mapped[date | None]
    delegated_by_id: Mapped[int | None] = mapped_column(ForeignKey("memberships.id"), index=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)
    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)

    def is_in_force(self, day: date) -> bool:
        """Tell whether the membership holds on a day."""
        return self.ended_at is None and (self.expires_on is None or day <= self.expires_on)

    def role_on(self, day: date) -> str:
        """Return what the person may act as on a day: its own role or a higher one that was lent."""
        lent = self.delegated_until is not None and day <= self.delegated_until
        if lent and rank(self.delegated_role) < rank(self.role):
            return self.delegated_role
        return self.role


def rank(role: str) -> int:
    """Return how high a role is, 0 the highest. A driver is beside the others and below them all."""
    return MEMBERSHIPS.index(role)


def memberships_of(session: Session, user: User, day: date) -> list[Membership]:
    """Return what a person may act for on a day, by the organisation's Chinese name."""
    wanted = select(Membership).where(Membership.user_id == user.id, Membership.ended_at.is_(None))
    rows = [row for row in session.scalars(wanted) if row.is_in_force(day)]
    return sorted(rows, key=lambda row: (row.organisation.name_zh, row.id))


def members_of(session: Session, organisation: Organisation) -> list[Membership]:
    """Return an organisation's people, owners first; those whose time is over are among them."""
    this = (Membership.organisation_id == organisation.id, Membership.ended_at.is_(None))
    return sorted(session.scalars(select(Membership).where(*this)), key=lambda row: (rank(row.role), row.id))


def require_member(session: Session, organisation: Organisation, public_id: str) -> Membership:
    """Return one of an organisation's people; raises NotFound, also for those of others."""
    this = (Membership.organisation_id == organisation.id, Membership.public_id == public_id)
    found = session.scalar(select(Membership).where(*this, Membership.ended_at.is_(None)))
    if found is None:
        raise NotFound("unknown_member", "没有此成员", "there is no such member")
    return found


def add_member(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    user: User,
    organisation: Organisation,
    role: str,
    sites: Sequence[str] = (),
    expires_on: date | None = None,
) -> Membership:
    """Make a person a member. Raises BadInput; RuleBroken `member_already`."""
    checks = Checks("membership")
    check_membership(checks, session, organisation, role, sites, expires_on, delta_day(at))
    checks.finish()
    current = (Membership.user_id == user.id, Membership.organisation_id == organisation.id)
    if session.scalar(select(Membership.id).where(*current, Membership.ended_at.is_(None))) is not None:
        zh, en = "此人已是成员", "this person is a member already"
        raise RuleBroken("member_already", zh, en, field="mail")
    facts = {"role": role, "sites": tuple(sites), "expires_on": expires_on}
    member = Membership(
        public_id=new_public_id(),
        user=user,
        organisation=organisation,
        **facts,
        delegated_role="",
        delegated_until=None,
        delegated_by_id=None,
        began_at=at,
        ended_at=None,
    )
    session.add(member)
    told = {"user": user, "organisation": organisation} | facts
    record(session, actor, at, "membership.began", member, told)
    return member


def check_membership(
    checks: Checks,
    session: Session,
    organisation: Organisation,
    role: str,
    sites: Sequence[str],
    expires_on: date | None,
    day: date,
) -> None:
    """Note what is wrong with a role, its sites and its last day."""
    checks.word("role", role, MEMBERSHIPS)
    if role == OWNER and (sites or expires_on):
        zh, en = "负责人须对全部场所长期有效", "an owner is one for all sites and without an end"
        checks.refuse("role", "limited_owner", role, zh, en)
    own = (Site.organisation_id == organisation.id, Site.public_id.in_(sites))
    if sites and len(set(session.scalars(select(Site.public_id).where(*own)))) != len(set(sites)):
        checks.refuse(
            "sites", "unknown_site", sites, "不是本单位的场所", "this is no site of the organisation"
        )
    if expires_on is not None and expires_on < day:
        zh, en = "截止日期已过", "the last day is over"
        checks.refuse("expires_on", "over_already", expires_on, zh, en)


def change_role(session: Session, *, actor: Actor, at: datetime, member: Membership, role: str) -> None:
    """Give a member another role for good. Raises BadInput, RuleBroken `last_owner`."""
    checks = Checks("membership")
    limited = member.sites if role == OWNER else ()
    check_membership(checks, session, member.organisation, role, limited, member.expires_on, delta_day(at))
    checks.finish()
    if role == member.role:
        return
    _keep_an_owner(session, member)
    before, member.role = member.role, role
    _withdraw_lent(session, actor, at, member)
    record(session, actor, at, "membership.role_changed", member, {"before": before, "after": role})
    end_sessions(session, actor=actor, at=at, user=member.user, because="role")


def end_membership(session: Session, *, actor: Actor, at: datetime, member: Membership) -> None:
    """End a membership. Raises RuleBroken `last_owner`."""
    _keep_an_owner(session, member)
    displace(session, actor=actor, at=at, member=member)


def displace(session: Session, *, actor: Actor, at: datetime, member: Membership) -> None:
    """End a membership even of the last owner: of an organisation whose sign-up its authority refused."""
    member.ended_at = at
    _withdraw_lent(session, actor, at, member)
    told = {"user": member.user, "organisation": member.organisation}
    record(session, actor, at, "membership.ended", member, told)
    end_sessions(session, actor=actor, at=at, user=member.user, because="role")


def owners_of(session: Session, organisation: Organisation) -> list[Membership]:
    """Return the owners who can still sign in."""
    found = members_of(session, organisation)
    return [row for row in found if row.role == OWNER and row.user.disabled_at is None]


def _keep_an_owner(session: Session, leaving: Membership) -> None:
    """Refuse to let the last owner go; of two that leave at once one waits here and is refused."""
    if leaving.role != OWNER:
        return
    session.flush()
    session.execute(select(Organisation.id).filter_by(id=leaving.organisation_id).with_for_update())
    session.expire_all()
    if not [row for row in owners_of(session, leaving.organisation) if row.id != leaving.id]:
        zh = "最后一位负责人不能退出，请先指定另一位"
        en = "the last owner cannot leave: name another first"
        raise RuleBroken("last_owner", zh, en)


def _withdraw_lent(session: Session, actor: Actor, at: datetime, lender: Membership) -> None:
    """Take back what a member lent to colleagues: nobody lends what he no longer has."""
    lent = select(Membership).where(Membership.delegated_by_id == lender.id, Membership.ended_at.is_(None))
    for row in session.scalars(lent):
        row.delegated_role, row.delegated_until, row.delegated_by_id = "", None, None
        record(session, actor, at, "membership.delegation_ended", row, {"lender": lender})
        end_sessions(session, actor=actor, at=at, user=row.user, because="role")
