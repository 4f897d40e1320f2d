"""Every limit that can be oversold, as one counter each, and who holds how much of it.

A reservation locks its ceilings in the order of KINDS, subject and year and raises each by a conditional
UPDATE (`reserved + committed + wanted <= limit`), so that two of them can neither both win nor wait for each
other in a circle; the CHECK stands behind it. Nothing is ever decided by summing rows.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from circularity.columns import between, mass, one_of
from circularity.database import STRICT, Base
from circularity.deals.contract import Agreement
from circularity.lifecycle import states

KINDS = ("output", "window", "line", "group", "entitlement", "facility", "quota", "grant")
"""What a limit belongs to, in the order in which reservations take them."""

ANY_YEAR = 0
"""The year of a limit that is not per calendar year: output, window, quota, grant."""

_STANDING = text("status IN ('reserved', 'committed')")


class Ceiling(Base):
    """One limit in kg with what is taken of it; opened at the first reservation that needs it.

    `subject_id` is the key of the row that `kind` names. The limit is stated anew at every reservation from
    the row as it then is: a limit that falls below what is taken stops new ones and takes nothing back.
    """

    __tablename__ = "ceilings"
    __table_args__ = (
        UniqueConstraint("kind", "subject_id", "year", name="uq_ceilings_limit"),
        one_of("kind", KINDS),
        between("year", 0, 2200),
        mass("limit_kg"),
        mass("reserved_kg"),
        mass("committed_kg"),
        CheckConstraint("reserved_kg + committed_kg <= limit_kg", name="never_oversold"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject_id: Mapped[int]
    year: Mapped[int]
    limit_kg: Mapped[int]
    reserved_kg: Mapped[int]
    committed_kg: Mapped[int]


class Hold(Base):
    """What one agreement holds of one ceiling, kg: reserved until `expires_at`, committed, or released.

    What was released stays as history; reserving again is a new row. A partial release lowers `mass_kg`.
    """

    __tablename__ = "holds"
    __table_args__ = (
        Index(
            "uq_holds_one_stands",
            "agreement_id",
            "ceiling_id",
            unique=True,
            sqlite_where=_STANDING,
            postgresql_where=_STANDING,
        ),
        mass("mass_kg", 1),
        one_of("status", states("hold")),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), index=True)
    ceiling_id: Mapped[int] = mapped_column(ForeignKey("ceilings.id"), index=True)
    mass_kg: Mapped[int]
    status: Mapped[str]
    expires_at: Mapped[datetime | None]

    agreement: Mapped[Agreement] = relationship()
    ceiling: Mapped[Ceiling] = relationship()
