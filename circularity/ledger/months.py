"""The generator's own books: one waste of one site in one month, and stock found by survey.

Verbs: `generator_months`, `batches` and `surveys`. What leaves on transfers is not typed here again: it is in
the ledger.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from circularity.catalogue.stage_columns import STAGES
from circularity.columns import between, mass, one_of
from circularity.database import STRICT, Base
from circularity.ledger.handling import MOST_CONTAINERS, HandlingColumns
from circularity.lifecycle import states
from circularity.organisations import Site

SOURCES = ("typed", "uploaded", "carried")
USES = ("own_utilised", "own_disposed", "entrusted_utilised", "entrusted_disposed")
"""What a generator did with its waste; entrusted means by a contract that the platform does not carry."""

_STANDING = text("status IN ('open', 'closed')")


class LedgerMonth(Base):
    """One month of one waste at one site, kg: generated, used (see MonthUse), discarded, stored at its end.

    Closing posts it to the mass ledger. A closed month is corrected by reversing it and closing the next
    `revision`; one revision stands at a time.
    """

    __tablename__ = "ledger_months"
    __table_args__ = (
        UniqueConstraint(
            "site_id", "waste_code", "year", "month", "revision", name="uq_ledger_months_revision"
        ),
        Index(
            "uq_ledger_months_one_stands",
            "site_id",
            "waste_code",
            "year",
            "month",
            unique=True,
            sqlite_where=_STANDING,
            postgresql_where=_STANDING,
        ),
        between("year", 2000, 2200),
        between("month", 1, 12),
        between("revision", 1, 1000),
        mass("generated_kg"),
        mass("discarded_kg"),
        mass("stored_kg"),
        one_of("source", SOURCES),
        one_of("status", states("month")),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    waste_code: Mapped[str]
    year: Mapped[int]
    month: Mapped[int]
    revision: Mapped[int]
    generated_kg: Mapped[int]
    discarded_kg: Mapped[int]
    stored_kg: Mapped[int]
    source: Mapped[str]
    status: Mapped[str]
    written_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    site: Mapped[Site] = relationship()
    uses: Mapped[list[MonthUse]] = relationship(
        back_populates="ledger_month", cascade="all, delete-orphan", order_by="MonthUse.number"
    )
    batches: Mapped[list[StageBatch]] = relationship(
        back_populates="ledger_month", cascade="all, delete-orphan", order_by="StageBatch.number"
    )


class MonthUse(Base):
    """Mass used or disposed of in one way; `party` names the other side of an outside contract."""

    __tablename__ = "month_uses"
    __table_args__ = (between("number", 1, 1000), one_of("kind", USES), mass("mass_kg", 1), STRICT)

    ledger_month_id: Mapped[int] = mapped_column(ForeignKey("ledger_months.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    operation: Mapped[str]
    party: Mapped[str]
    mass_kg: Mapped[int]

    ledger_month: Mapped[LedgerMonth] = relationship(back_populates="uses")


class StageBatch(HandlingColumns, Base):
    """One batch of one stage of a hazardous month, kg, with its number and how it was kept and handled.

    `operation` tells how it was used or disposed of, `party` by whom where it was entrusted; `related` is the
    batch that it came from, or went into.
    """

    __tablename__ = "stage_batches"
    __table_args__ = (
        between("number", 1, 10_000),
        one_of("stage", tuple(STAGES)),
        mass("mass_kg", 1),
        between("container_count", 1, MOST_CONTAINERS),
        STRICT,
    )

    ledger_month_id: Mapped[int] = mapped_column(ForeignKey("ledger_months.id"), primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    batch: Mapped[str]
    day: Mapped[date]
    mass_kg: Mapped[int]
    operation: Mapped[str]
    party: Mapped[str]
    related: Mapped[str]

    ledger_month: Mapped[LedgerMonth] = relationship(back_populates="batches")


class StockSurvey(Base):
    """Stock of one waste and vintage that a survey found at a site on a day, kg, and by which method."""

    __tablename__ = "stock_surveys"
    __table_args__ = (
        UniqueConstraint("site_id", "waste_code", "vintage", "surveyed_on", name="uq_stock_surveys_survey"),
        between("vintage", 1900, 2200),
        mass("mass_kg"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    waste_code: Mapped[str]
    vintage: Mapped[int]
    surveyed_on: Mapped[date]
    mass_kg: Mapped[int]
    method: Mapped[str]
    document: Mapped[str]
    recorded_at: Mapped[datetime]

    site: Mapped[Site] = relationship()
