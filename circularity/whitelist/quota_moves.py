"""What has happened to the quota of an entry, kilogram by kilogram; the counter itself is its ceiling."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from circularity.columns import mass, one_of
from circularity.database import STRICT, Base

MOVE_KINDS = ("reserved", "committed", "released", "trued_up", "trued_down", "raised")


class QuotaMove(Base):
    """One change of what is taken of a quota, or of the quota itself (`raised`), kg; never changed.

    `reserved` and `trued_up` take, `released` and `trued_down` give back, `committed` turns what was reserved
    into what is taken for good. `document` is the letter behind a consent above the quota.
    """

    __tablename__ = "quota_moves"
    __table_args__ = (one_of("kind", MOVE_KINDS), mass("mass_kg", 1), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("whitelist_entries.id"), index=True)
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey("agreements.id"), index=True)
    kind: Mapped[str]
    mass_kg: Mapped[int]
    document: Mapped[str]
    at: Mapped[datetime]
