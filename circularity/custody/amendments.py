"""What changes a signed transfer: a correction that one party asks for and the others answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from circularity.columns import between, one_of
from circularity.custody.manifests import Transfer
from circularity.database import STRICT, Base
from circularity.lifecycle import states
from circularity.organisations import Organisation

_ASKED = text("status = 'asked'")


class Correction(Base):
    """A change asked for: `changes` maps each field to its values before and after. One at a time is open."""

    __tablename__ = "corrections"
    __table_args__ = (
        UniqueConstraint("transfer_id", "number", name="uq_corrections_transfer_number"),
        Index(
            "uq_corrections_one_asked",
            "transfer_id",
            unique=True,
            sqlite_where=_ASKED,
            postgresql_where=_ASKED,
        ),
        between("number", 1, 10_000),
        one_of("status", states("correction")),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfers.id"))
    number: Mapped[int]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    asked_at: Mapped[datetime]
    reason: Mapped[str]
    changes: Mapped[dict[str, Any]]
    status: Mapped[str]
    settled_at: Mapped[datetime | None]

    transfer: Mapped[Transfer] = relationship()
    asked_by: Mapped[Organisation] = relationship()
    answers: Mapped[list[CorrectionAnswer]] = relationship(
        back_populates="correction", order_by="CorrectionAnswer.answered_at"
    )


class CorrectionAnswer(Base):
    """One other party's yes or no, given once."""

    __tablename__ = "correction_answers"

    correction_id: Mapped[int] = mapped_column(ForeignKey("corrections.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    agrees: Mapped[bool]
    answered_at: Mapped[datetime]
    note: Mapped[str]

    correction: Mapped[Correction] = relationship(back_populates="answers")
