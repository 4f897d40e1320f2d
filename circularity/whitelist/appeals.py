"""Appeals: whom a refusal, a suspension or a delisting concerns asks for it to be looked at again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.columns import new_public_id
from circularity.errors import NotAllowed, RuleBroken
from circularity.fields import Checks
from circularity.lifecycle import advance
from circularity.organisations import Organisation
from circularity.registry.entitlements import Facility
from circularity.whitelist.applications import Appeal, Application
from circularity.whitelist.entries import WhitelistEntry
from circularity.whitelist.offices import proposer, require_office
from circularity.whitelist.proposing import hold
from circularity.whitelist.standing import reinstate

AGAINST = {"application": ("refused",), "entry": ("suspended", "delisted")}
"""The states of an application and of an entry that can be appealed against."""


def appeal(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    about: Application | WhitelistEntry,
    by: Organisation,
    reason: str,
) -> Appeal:
    """Appeal against what was decided; one appeal waits at a time.

    Raises BadInput; NotAllowed for anybody but the facility's organisation and who proposed it; RuleBroken
    `nothing_to_appeal`, `appeal_waits`.
    """
    reason = _text("reason", reason)
    _require_concerned(about, by)
    if about.status not in AGAINST[_kind(about)]:
        zh, en = "没有可申诉的决定", "there is no decision to appeal against"
        raise RuleBroken("nothing_to_appeal", zh, en, status=about.status)
    if waiting_appeal(session, about) is not None:
        raise RuleBroken("appeal_waits", "已有申诉待处理", "an appeal is waiting already")
    made = Appeal(
        public_id=new_public_id(),
        organisation=by,
        reason=reason,
        answer="",
        status="raised",
        raised_at=at,
        **{_kind(about): about},
    )
    session.add(made)
    session.flush()
    record(session, actor, at, "appeal.raised", made, {"about": about, "by": by, "reason": reason})
    return made


def waiting_appeal(session: Session, about: Application | WhitelistEntry) -> Appeal | None:
    """Return the appeal that waits for an answer, None where there is none."""
    return session.scalar(select(Appeal).filter_by(status="raised", **{f"{_kind(about)}_id": about.id}))


def uphold(
    session: Session, *, actor: Actor, at: datetime, appeal: Appeal, by: Organisation, answer: str
) -> None:
    """Find an appeal right: the application is reviewed again, the entry counts again. Raises NotAllowed."""
    answer = _text("answer", answer)
    _hold(session, appeal)
    require_office(session, by, facility_of(appeal), delta_day(at))
    advance(appeal, "appeal", "uphold", "authority")
    appeal.answer, appeal.answered_at = answer, at
    if appeal.application is not None:
        hold(session, appeal.application)
        advance(appeal.application, "application", "reopen", "authority", {"appeal_upheld": lambda: None})
        facts = {"by": by, "appeal": appeal}
        record(session, actor, at, "application.reopened", appeal.application, facts)
    if appeal.entry is not None:
        reinstate(session, actor=actor, at=at, entry=appeal.entry, by=by, reason=answer)
    record(session, actor, at, "appeal.upheld", appeal, {"by": by, "answer": answer})


def dismiss(
    session: Session, *, actor: Actor, at: datetime, appeal: Appeal, by: Organisation, answer: str
) -> None:
    """Find an appeal wrong, with reasons; what was decided stands. Raises NotAllowed."""
    answer = _text("answer", answer)
    _hold(session, appeal)
    require_office(session, by, facility_of(appeal), delta_day(at))
    advance(appeal, "appeal", "dismiss", "authority")
    appeal.answer, appeal.answered_at = answer, at
    record(session, actor, at, "appeal.dismissed", appeal, {"by": by, "answer": answer})


def withdraw_appeal(
    session: Session, *, actor: Actor, at: datetime, appeal: Appeal, by: Organisation
) -> None:
    """Take one's own appeal back."""
    _hold(session, appeal)
    if by.id != appeal.organisation_id:
        raise NotAllowed("not_your_appeal", "只能撤回本单位的申诉", "only its own organisation withdraws it")
    about = about_of(appeal)
    who = proposer(session, by, about.facility, delta_day(at), about.accepted_origins)
    advance(appeal, "appeal", "withdraw", who)
    record(session, actor, at, "appeal.withdrawn", appeal, {"by": by})


def about_of(appeal: Appeal) -> Application | WhitelistEntry:
    """Return what an appeal is about."""
    about = appeal.application or appeal.entry
    if about is None:
        raise ValueError("an appeal is about an application or an entry")
    return about


def facility_of(appeal: Appeal) -> Facility:
    """Return the facility that an appeal is about."""
    return about_of(appeal).facility


def _require_concerned(about: Application | WhitelistEntry, by: Organisation) -> None:
    proposed = isinstance(about, Application) and about.organisation_id == by.id
    if by.id != about.facility.site.organisation_id and not proposed:
        zh, en = "只有当事单位可以申诉", "only whom it concerns appeals"
        raise NotAllowed("not_concerned", zh, en)


def _kind(about: Application | WhitelistEntry) -> str:
    return "application" if isinstance(about, Application) else "entry"


def _hold(session: Session, appeal: Appeal) -> None:
    session.flush()
    session.refresh(appeal, with_for_update={"of": Appeal})


def _text(field: str, value: str) -> str:
    checks = Checks("appeal")
    text = checks.text(field, value, maximum=2000)
    checks.finish()
    return text
