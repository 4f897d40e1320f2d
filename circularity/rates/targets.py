"""Targets that an authority enters after those of the catalogue.

The catalogue holds what is known from published documents. When its period is over, the authority that owns
the targets of its region enters the next with the document that sets it; periods of one region and scope
never overlap. What was entered is never edited: a mistake is withdrawn, with its reason, and entered anew.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from circularity.accounts.offices import has_power, require_power
from circularity.audit import Actor, record
from circularity.calendar_days import delta_day
from circularity.catalogue import targets as published
from circularity.catalogue.targets import Target
from circularity.columns import between, new_public_id, one_of, ordered
from circularity.database import STRICT, Base
from circularity.errors import RuleBroken
from circularity.fields import Checks
from circularity.organisations import Organisation
from circularity.policy.things import Thing
from circularity.rates.formula import SCOPES

SET = "targets.set"


class EnteredTarget(Base):
    """A target of a region (six digits) for a closed interval of days, as an authority entered it."""

    __tablename__ = "entered_targets"
    __table_args__ = (
        one_of("scope", SCOPES),
        between("rate_permille", 1, 1000),
        ordered("period_from", "period_to"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    scope: Mapped[str]
    region_code: Mapped[str]
    rate_permille: Mapped[int]
    period_from: Mapped[date]
    period_to: Mapped[date]
    document_zh: Mapped[str]
    document_en: Mapped[str]
    entered_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_because: Mapped[str]

    organisation: Mapped[Organisation] = relationship()


def enter_target(  # noqa: PLR0913 - a verb names every fact it takes
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    by: Organisation,
    scope: str,
    region_code: str,
    rate_permille: int,
    period_from: date | None,
    period_to: date | None,
    document_zh: str,
    document_en: str = "",
) -> EnteredTarget:
    """Enter a target with the document that sets it.

    Raises BadInput for malformed values; NotAllowed `no_power` for anybody but the authority that owns the
    targets of that region; RuleBroken `target_overlaps` where another one stands in the period.
    """
    checks = Checks("target")
    checks.period("period_from", period_from, "period_to", period_to)
    for name, day in (("period_from", period_from), ("period_to", period_to)):
        if day is None:
            checks.refuse(name, "empty", "", f"{name} 不能为空", f"{name} must not be empty")
    region = checks.region("region_code", region_code).ljust(6, "0")
    values = {
        "scope": checks.word("scope", scope, SCOPES),
        "region_code": region,
        "rate_permille": checks.whole("rate_permille", rate_permille, 1, 1000),
        "period_from": period_from,
        "period_to": period_to,
        "document_zh": checks.text("document_zh", document_zh),
        "document_en": checks.text("document_en", document_en, required=False),
    }
    checks.finish()
    require_power(session, by, SET, _about(region), delta_day(at))
    entered = EnteredTarget(
        public_id=new_public_id(), organisation=by, entered_at=at, withdrawn_because="", **values
    )
    session.add(entered)
    session.flush()
    record(session, actor, at, "target.entered", entered, {"by": by} | values)
    # The event holds the audit chain until the end, so of two that enter at once the second sees the first.
    _refuse_overlap(session, entered)
    return entered


def withdraw_target(
    session: Session, *, actor: Actor, at: datetime, by: Organisation, target: EnteredTarget, reason: str
) -> None:
    """Withdraw a target that was entered wrongly; withdrawing it again changes nothing.

    Raises BadInput without a reason; NotAllowed `no_power`.
    """
    checks = Checks("target")
    because = checks.text("reason", reason)
    checks.finish()
    require_power(session, by, SET, _about(target.region_code), delta_day(at))
    if target.withdrawn_at is None:
        target.withdrawn_at, target.withdrawn_because = at, because
        record(session, actor, at, "target.withdrawn", target, {"by": by, "reason": because})


def may_enter(session: Session, organisation: Organisation, on: date) -> bool:
    """Tell whether an organisation owns the targets of its own region."""
    return has_power(session, organisation, SET, _about(organisation.region_code), on)


def entered_targets(session: Session) -> list[EnteredTarget]:
    """Return every target ever entered, withdrawn ones too, by region, scope and period."""
    order = (EnteredTarget.region_code, EnteredTarget.scope, EnteredTarget.period_from, EnteredTarget.id)
    return list(session.scalars(select(EnteredTarget).order_by(*order)))


def known_targets(session: Session) -> tuple[Target, ...]:
    """Return all targets that stand or stood: those of the catalogue, then those entered."""
    entered = (_as_target(row) for row in entered_targets(session) if row.withdrawn_at is None)
    return (*published.all_targets(), *entered)


def _about(region_code: str) -> Thing:
    return Thing(kind="EnteredTarget", origin=region_code)


def _refuse_overlap(session: Session, entered: EnteredTarget) -> None:
    stands = select(EnteredTarget).where(
        EnteredTarget.id != entered.id,
        EnteredTarget.withdrawn_at.is_(None),
        EnteredTarget.scope == entered.scope,
        EnteredTarget.region_code == entered.region_code,
    )
    listed = (
        target
        for target in published.all_targets()
        if (target.scope, target.region_code) == (entered.scope, entered.region_code)
    )
    for other in (*listed, *session.scalars(stands)):
        if other.period_from <= entered.period_to and entered.period_from <= other.period_to:
            days = f"{other.period_from} – {other.period_to}"
            zh = f"该地区 {days} 已有目标：{other.document_zh}"
            en = f"a target stands for {days}: {other.document_en or other.document_zh}"
            raise RuleBroken("target_overlaps", zh, en, field="period_from")


def _as_target(row: EnteredTarget) -> Target:
    return Target(
        scope=row.scope,
        region_code=row.region_code,
        rate_permille=row.rate_permille,
        period_from=row.period_from,
        period_to=row.period_to,
        document_zh=row.document_zh,
        document_en=row.document_en or row.document_zh,
        source=row.organisation.name_zh,
        confidence="H",
        verified=True,
        valid_from=row.period_from,
        valid_to=row.period_to,
    )
