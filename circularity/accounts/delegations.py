"""Lending one's role to a colleague for a time: a holiday, an illness. It ends by itself."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from circularity.accounts.memberships import DELEGATED, OWNER, Membership, rank
from circularity.accounts.sessions import end_sessions
from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.errors import NotAllowed, RuleBroken
from circularity.fields import Checks

LONGEST = timedelta(days=90)


def delegate(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    lender: Membership,
    colleague: Membership,
    role: str,
    until: date,
) -> None:
    """Lend a colleague `role` until a day, included; what was lent before is replaced.

    Raises BadInput; NotAllowed `not_yours_to_lend` above the lender's own role, or what was only lent to it;
    RuleBroken `no_colleague`, `limited_owner`, `has_it_already`.
    """
    day = delta_day(at)
    checks = Checks("delegation")
    checks.word("delegated_role", role, DELEGATED[1:])
    if not day <= until <= day + LONGEST:
        zh = f"授权截止日期应在今天起 {LONGEST.days} 天内"
        en = f"it ends between today and {LONGEST.days} days from now"
        checks.refuse("delegated_until", "out_of_range", until, zh, en)
    checks.finish()
    session.flush()
    if lender.organisation_id != colleague.organisation_id or lender is colleague:
        raise RuleBroken("no_colleague", "只能授权给本单位的其他成员", "lend only to another member")
    if rank(lender.role) > rank(role) or not lender.is_in_force(day):
        zh, en = "只能授权自己拥有的角色", "nobody lends a role above his own"
        raise NotAllowed("not_yours_to_lend", zh, en, field="delegated_role")
    if role == OWNER and colleague.sites:
        zh, en = "对方仅负责部分场所，不能授权为负责人", "who acts for some sites only is no owner of all"
        raise RuleBroken("limited_owner", zh, en, field="delegated_role")
    if rank(colleague.role) <= rank(role):
        zh, en = "对方已有此角色", "the colleague has that role already"
        raise RuleBroken("has_it_already", zh, en, field="delegated_role")
    colleague.delegated_role, colleague.delegated_until = role, until
    colleague.delegated_by_id = lender.id
    facts = {"role": role, "until": until, "lender": lender}
    record(session, actor, at, "membership.delegated", colleague, facts)
    end_sessions(session, actor=actor, at=at, user=colleague.user, because="role")


def end_delegation(session: Session, *, actor: Actor, at: datetime, colleague: Membership) -> None:
    """Take back what was lent. Raises RuleBroken `nothing_lent`."""
    if not colleague.delegated_role:
        raise RuleBroken("nothing_lent", "没有授权", "nothing was lent")
    colleague.delegated_role, colleague.delegated_until, colleague.delegated_by_id = "", None, None
    record(session, actor, at, "membership.delegation_ended", colleague, {})
    end_sessions(session, actor=actor, at=at, user=colleague.user, because="role")
