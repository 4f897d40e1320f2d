"""Whether an organisation's authority has confirmed it, and of which kind an authority is.

An organisation without a row is unverified: it may draft, upload, see lawful outlets and demand for its own
data, and export; publishing, accepting and signing wait (what that means is `circularity.policy`).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from circularity.audit import Actor, record
from circularity.catalogue.regions import prefix_of
from circularity.columns import new_public_id, one_of
from circularity.database import STRICT, Base
from circularity.errors import NotAllowed, RuleBroken
from circularity.fields import Checks
from circularity.organisations import Organisation
from circularity.policy.acting import AUTHORITY_KINDS

VERIFICATIONS = ("unverified", "verified", "refused")
KINDS = ("", *AUTHORITY_KINDS)
DEFAULT_KIND = "ecology"
_LEVELS = {2: "province", 4: "city", 6: "district"}


class Standing(Base):
    """How one organisation stands. `authority_kind` is "" for all but authorities."""

    __tablename__ = "standings"
    __table_args__ = (one_of("verification", VERIFICATIONS), one_of("authority_kind", KINDS), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), unique=True)
    verification: Mapped[str]
    reason: Mapped[str]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime | None]
    authority_kind: Mapped[str]

    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)


def standing_of(session: Session, organisation: Organisation) -> Standing | None:
    """Return how an organisation stands, None while nobody signed up for it."""
    return session.scalar(select(Standing).where(Standing.organisation_id == organisation.id))


def is_verified(session: Session, organisation: Organisation) -> bool:
    """Tell whether an authority has confirmed the organisation."""
    found = standing_of(session, organisation)
    return found is not None and found.verification == "verified"


def is_authority(organisation: Organisation) -> bool:
    """Tell whether an organisation is an authority or the coordinating body of the Delta."""
    return bool({"authority", "coordinator"} & set(organisation.roles))


def level_of(organisation: Organisation) -> str:
    """Return the level of an authority: by its region's code, or `delta` for the coordinating body."""
    if "coordinator" in organisation.roles:
        return "delta"
    return _LEVELS.get(len(prefix_of(organisation.region_code)), "district")


def covers(authority: Organisation, organisation: Organisation) -> bool:
    """Tell whether an organisation is in an authority's own region; the coordinating body has none."""
    return "authority" in authority.roles and prefix_of(organisation.region_code).startswith(
        prefix_of(authority.region_code)
    )


def begin_standing(
    session: Session, *, actor: Actor, at: datetime, organisation: Organisation, authority_kind: str = ""
) -> Standing:
    """Let an organisation wait for its authority, whatever was decided about it before."""
    checks = Checks("standing")
    checks.word("authority_kind", authority_kind, KINDS)
    checks.finish()
    standing = standing_of(session, organisation)
    if standing is None:
        standing = Standing(public_id=new_public_id(), organisation=organisation)
        session.add(standing)
    standing.verification, standing.reason, standing.decided_by = "unverified", "", ""
    standing.decided_at, standing.authority_kind = None, authority_kind
    facts = {"organisation": organisation, "authority_kind": authority_kind}
    record(session, actor, at, "standing.began", standing, facts)
    return standing


def decide(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    authority: Organisation,
    organisation: Organisation,
    verified: bool,
    reason: str,
) -> Standing:
    """Verify an organisation, refuse it, or withdraw a verification; a refusal needs its reason.

    Raises NotAllowed `not_your_region`; RuleBroken `not_signed_up`; BadInput without a reason.
    """
    if not covers(authority, organisation):
        zh, en = "该单位不在本机关辖区", "this organisation is not in your region"
        raise NotAllowed("not_your_region", zh, en)
    return settle(
        session, actor=actor, at=at, organisation=organisation, verified=verified, reason=reason,
        by=authority.name_zh,
    )  # fmt: skip


def settle(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    organisation: Organisation,
    verified: bool,
    reason: str,
    by: str,
) -> Standing:
    """Note a decision of an authority, or of the installation's operator about an authority."""
    checks = Checks("standing")
    told = checks.text("reason", reason, maximum=1000, required=not verified)
    checks.finish()
    standing = standing_of(session, organisation)
    if standing is None:
        zh, en = "该单位尚未注册账户", "nobody signed up for this organisation"
        raise RuleBroken("not_signed_up", zh, en)
    before, standing.verification = standing.verification, "verified" if verified else "refused"
    standing.reason, standing.decided_by, standing.decided_at = told, by, at
    facts = {"before": before, "after": standing.verification, "reason": told, "by": by}
    record(session, actor, at, "standing.decided", standing, facts | {"organisation": organisation})
    return standing


def waiting_in(session: Session, authority: Organisation) -> list[Standing]:
    """Return the organisations of an authority's region: those that wait first, then by name."""
    inside = Organisation.region_code.startswith(prefix_of(authority.region_code), autoescape=True)
    wanted = select(Standing).join(Standing.organisation).where(inside, Standing.authority_kind == "")
    order = {word: number for number, word in enumerate(VERIFICATIONS)}
    rows = session.scalars(wanted)
    return sorted(rows, key=lambda row: (order[row.verification], row.organisation.name_zh, row.id))
