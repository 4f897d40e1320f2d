"""The mass ledger: accounts, groups, moves."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, Text, UniqueConstraint

from circularity.columns import BIGINT, CalendarDay, UtcTime
from circularity.migrations.custody.bounds import between, mass, one_of

TABLES = (
    "mass_accounts",
    "mass_groups",
    "mass_moves",
)


def create() -> None:
    op.create_table(
        "mass_accounts",
        Column("id", BIGINT, primary_key=True),
        Column("origin_site_id", BIGINT, ForeignKey("sites.id"), nullable=False),
        Column("holder_site_id", BIGINT, ForeignKey("sites.id"), nullable=False, index=True),
        Column("waste_code", Text(), nullable=False),
        Column("vintage", BIGINT, nullable=False),
        Column("kind", Text(), nullable=False),
        Column("balance_kg", BIGINT, nullable=False),
        CheckConstraint(
            "kind IN ('generated', 'opening', 'variance') OR balance_kg >= 0", name="never_negative"
        ),
        CheckConstraint("kind NOT IN ('generated', 'opening') OR balance_kg <= 0", name="source_gives"),
        UniqueConstraint(
            "origin_site_id", "holder_site_id", "waste_code", "vintage", "kind", name="uq_mass_accounts_cell"
        ),
        between("balance_kg", -1000000000000000, 1000000000000000),
        between("vintage", 1900, 2200),
        one_of(
            "kind",
            "generated",
            "opening",
            "on_site",
            "reserved",
            "in_transit",
            "received",
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
            "variance",
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "mass_groups",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("event", Text(), nullable=False, index=True),
        Column("on_day", CalendarDay(), nullable=False, index=True),
        Column("posted_at", UtcTime(), nullable=False),
        Column("subject_kind", Text(), nullable=False),
        Column("subject_id", Text(), nullable=False, index=True),
        Column("moves", BIGINT, nullable=False),
        Column("reverses_id", BIGINT, ForeignKey("mass_groups.id"), unique=True),
        between("moves", 1, 1000000),
        sqlite_strict=True,
    )
    op.create_table(
        "mass_moves",
        Column("group_id", BIGINT, ForeignKey("mass_groups.id"), primary_key=True),
        Column("line", BIGINT, primary_key=True, autoincrement=False),
        Column("leg", Text(), nullable=False),
        Column("source_id", BIGINT, ForeignKey("mass_accounts.id"), nullable=False, index=True),
        Column("target_id", BIGINT, ForeignKey("mass_accounts.id"), nullable=False, index=True),
        Column("mass_kg", BIGINT, nullable=False),
        Column("operation", Text(), nullable=False),
        CheckConstraint("source_id <> target_id", name="two_accounts"),
        between("line", 1, 1000000),
        mass("mass_kg", 1),
        sqlite_strict=True,
    )
