"""Changes of what a facility is entitled to: asked for by the facility, in force once the authority confirms.

A change is a limit, a validity, a line more or a limit that lines share; what was before stays with it. The
verbs are in `circularity.whitelist.entitlement_requests`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from circularity.columns import one_of
from circularity.database import STRICT, Base
from circularity.lifecycle import states
from circularity.organisations import Organisation
from circularity.registry.entitlements import Entitlement, EntitlementLine, LineGroup

CHANGES = ("annual_limit", "line_limit", "validity", "new_line", "new_group", "group_limit")

_OPEN = text("status = 'requested'")


class EntitlementChange(Base):
    """One change asked for: `wanted` and `before` hold limits in kg, days in ISO form, the facts of a line.

    Of one entitlement one change waits at a time, so that each is judged against what is in force.
    """

    __tablename__ = "entitlement_changes"
    __table_args__ = (
        Index(
            "uq_entitlement_changes_one_waits",
            "entitlement_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        one_of("kind", CHANGES),
        one_of("status", states("entitlement_change")),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    entitlement_id: Mapped[int] = mapped_column(ForeignKey("entitlements.id"), index=True)
    line_id: Mapped[int | None] = mapped_column(ForeignKey("entitlement_lines.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("line_groups.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[str]
    wanted: Mapped[dict[str, Any]]
    before: Mapped[dict[str, Any]]
    document: Mapped[str]
    reason: Mapped[str]
    answer: Mapped[str]
    status: Mapped[str]
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]

    entitlement: Mapped[Entitlement] = relationship()
    line: Mapped[EntitlementLine | None] = relationship()
    group: Mapped[LineGroup | None] = relationship()
    organisation: Mapped[Organisation] = relationship()
