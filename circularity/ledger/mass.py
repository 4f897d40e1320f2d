"""What the mass ledger is made of: accounts, groups, moves. The verbs are in `circularity.ledger.groups`.

A move takes kilograms from one account to another, so a group of moves is balanced by construction: what does
not balance cannot be written down, on any database, at any moment of a transaction. Triggers (see the
migrations) carry each move into both balances, whose CHECK refuses what was never there, and refuse every
change of a group or move.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from circularity.columns import MAX_AMOUNT, between, mass, one_of
from circularity.database import STRICT, Base

SOURCES = ("generated", "opening")
"""Kinds that mass only comes from: their balance is never above zero."""

EITHER_WAY = ("variance",)
"""Kinds whose balance may have either sign."""

STOCKS = ("on_site", "reserved", "in_transit", "received")
"""Kinds of mass that is still somewhere as waste; never below zero."""

SINKS = (
    "own_utilised",
    "own_disposed",
    "off_platform_utilised",
    "off_platform_disposed",
    "utilised",
    "disposed",
    "residue",
    "process_loss",
    "moisture_loss",
    "discarded",
)
"""Kinds of mass that is no longer this waste; never below zero."""

KINDS = (*SOURCES, *STOCKS, *SINKS, *EITHER_WAY)


def _words(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


class MassAccount(Base):
    """Kilograms of one waste, generated at one site in one year, held by one site, in one kind of state.

    `origin_site` is the generator that is credited, wherever the mass goes; `holder_site` who has it now, or
    had it last. Vintage is the year of generation. The balance is kept by the database from the moves alone.
    """

    __tablename__ = "mass_accounts"
    __table_args__ = (
        UniqueConstraint(
            "origin_site_id", "holder_site_id", "waste_code", "vintage", "kind", name="uq_mass_accounts_cell"
        ),
        one_of("kind", KINDS),
        between("vintage", 1900, 2200),
        between("balance_kg", -MAX_AMOUNT, MAX_AMOUNT),
        CheckConstraint(f"kind NOT IN ({_words(SOURCES)}) OR balance_kg <= 0", name="source_gives"),
        CheckConstraint(
            f"kind IN ({_words((*SOURCES, *EITHER_WAY))}) OR balance_kg >= 0", name="never_negative"
        ),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    origin_site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    holder_site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    waste_code: Mapped[str]
    vintage: Mapped[int]
    kind: Mapped[str]
    balance_kg: Mapped[int]


class MassGroup(Base):
    """The moves of one event, posted at once: `moves` says how many, and none can be added.

    `on_day` is the day that rates and months count it for; the subject is the row that caused it, by its
    class and public id. `reverses_id` names the group whose moves this one takes back, at most once.
    """

    __tablename__ = "mass_groups"
    __table_args__ = (between("moves", 1, 1_000_000), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    event: Mapped[str] = mapped_column(index=True)
    on_day: Mapped[date] = mapped_column(index=True)
    posted_at: Mapped[datetime]
    subject_kind: Mapped[str]
    subject_id: Mapped[str] = mapped_column(index=True)
    moves: Mapped[int]
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("mass_groups.id"), unique=True)


class MassMove(Base):
    """Kilograms from one account to another, never the same; origin, waste and vintage stay what they are.

    `leg` is its place in the posting table, `operation` what is or will be done with the mass, "" if nothing.
    """

    __tablename__ = "mass_moves"
    __table_args__ = (
        mass("mass_kg", 1),
        between("line", 1, 1_000_000),
        CheckConstraint("source_id <> target_id", name="two_accounts"),
        STRICT,
    )

    group_id: Mapped[int] = mapped_column(ForeignKey("mass_groups.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    leg: Mapped[str]
    source_id: Mapped[int] = mapped_column(ForeignKey("mass_accounts.id"), index=True)
    target_id: Mapped[int] = mapped_column(ForeignKey("mass_accounts.id"), index=True)
    mass_kg: Mapped[int]
    operation: Mapped[str]

    group: Mapped[MassGroup] = relationship()
    source: Mapped[MassAccount] = relationship(foreign_keys=source_id)
    target: Mapped[MassAccount] = relationship(foreign_keys=target_id)
