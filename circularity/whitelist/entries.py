"""Whitelist entries of the Delta's provinces, and procedures that have been granted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from circularity.audit import Actor, record
from circularity.columns import between, mass, new_public_id, one_of, ordered
from circularity.database import STRICT, Base
from circularity.fields import Checks
from circularity.organisations import Organisation
from circularity.registry.entitlements import Facility

LIST_KINDS = ("nominated", "agreed", "information")
STATUSES = (
    "draft", "submitted", "under_review", "listed", "suspended", "delisted", "rejected", "expired",
)  # fmt: skip
GRANT_KINDS = ("general_record", "general_approval", "hazardous_approval")


class WhitelistEntry(Base):
    """One facility on one province's list: a waste pattern, an operation, the origins it may take from.

    `list_kind`: nominated by the receiving province, agreed by two, or for information only (changes no
    procedure). The list shortens a procedure and never raises a licence's limit. `quota_kg` None = no quota.
    """

    __tablename__ = "whitelist_entries"
    __table_args__ = (
        one_of("list_kind", LIST_KINDS),
        one_of("status", STATUSES),
        mass("quota_kg"),
        between("ship_within_days", 1, 3660),
        ordered("valid_from", "valid_to"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facilities.id"), index=True)
    list_kind: Mapped[str]
    issuer_region: Mapped[str]
    document: Mapped[str]
    waste_pattern: Mapped[str]
    operation: Mapped[str]
    accepted_origins: Mapped[tuple[str, ...]]
    quota_kg: Mapped[int | None]
    ship_within_days: Mapped[int | None]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    status: Mapped[str]
    listed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    facility: Mapped[Facility] = relationship()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own declaration


class ProcedureGrant(Base):
    """A record or approval that an origin's authority granted for a facility and one sender (None: any).

    `limit_kg` is what may be shipped under it, None = not limited.
    """

    __tablename__ = "procedure_grants"
    __table_args__ = (
        one_of("kind", GRANT_KINDS),
        mass("limit_kg"),
        ordered("valid_from", "valid_to"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facilities.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    kind: Mapped[str]
    origin_region: Mapped[str]
    waste_pattern: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    limit_kg: Mapped[int | None]
    recorded_at: Mapped[datetime]

    facility: Mapped[Facility] = relationship()
    organisation: Mapped[Organisation | None] = relationship()


def list_facility(  # noqa: PLR0913 - a verb names every fact it takes
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    facility: Facility,
    list_kind: str,
    issuer_region: str,
    document: str,
    waste_pattern: str,
    operation: str,
    accepted_origins: tuple[str, ...],
    quota_kg: int | None,
    ship_within_days: int | None,
    valid_from: date | None,
    valid_to: date | None,
    status: str = "listed",
) -> WhitelistEntry:
    """Put a facility on a list; `accepted_origins` are region prefixes, at least one. Raises BadInput."""
    checks = Checks("whitelist_entry")
    checks.period("valid_from", valid_from, "valid_to", valid_to)
    if not accepted_origins:
        zh, en = "至少需要一个移出地", "at least one origin is needed"
        checks.refuse("accepted_origins", "empty", "", zh, en)
    values: dict[str, Any] = {
        "facility": facility,
        "list_kind": checks.word("list_kind", list_kind, LIST_KINDS),
        "issuer_region": checks.region("issuer_region", issuer_region),
        "document": checks.text("document", document, maximum=500),
        "waste_pattern": checks.waste_pattern("waste_pattern", waste_pattern),
        "operation": checks.operation("operation", operation),
        "accepted_origins": tuple(checks.region("accepted_origins", origin) for origin in accepted_origins),
        "quota_kg": checks.maybe("quota_kg", quota_kg),
        "ship_within_days": checks.maybe("ship_within_days", ship_within_days, 1, 3660),
        "valid_from": valid_from,
        "valid_to": valid_to,
        "status": checks.word("status", status, STATUSES),
    }
    checks.finish()
    entry = WhitelistEntry(public_id=new_public_id(), listed_at=at, **values)
    session.add(entry)
    record(session, actor, at, "whitelist.listed", entry, values)
    return entry


def record_grant(  # noqa: PLR0913 - a verb names every fact it takes
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    facility: Facility,
    output_organisation: Organisation | None,
    kind: str,
    origin_region: str,
    waste_pattern: str,
    valid_from: date,
    valid_to: date,
    limit_kg: int | None,
) -> ProcedureGrant:
    """Note a granted record or approval (GRANT_KINDS) for waste of one origin. Raises BadInput."""
    checks = Checks("procedure_grant")
    checks.period("valid_from", valid_from, "valid_to", valid_to)
    values: dict[str, Any] = {
        "facility": facility,
        "organisation": output_organisation,
        "kind": checks.word("kind", kind, GRANT_KINDS),
        "origin_region": checks.region("origin_region", origin_region),
        "waste_pattern": checks.waste_pattern("waste_pattern", waste_pattern),
        "valid_from": valid_from,
        "valid_to": valid_to,
        "limit_kg": checks.maybe("limit_kg", limit_kg),
    }
    checks.finish()
    grant = ProcedureGrant(public_id=new_public_id(), recorded_at=at, **values)
    session.add(grant)
    record(session, actor, at, "procedure.granted", grant, values)
    return grant
