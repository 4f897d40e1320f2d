"""Lots that are drafted before anybody else sees them, and the ledgers that they were read from."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, Text

from circularity.columns import BIGINT, Facts, UtcTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "output_ledgers",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("site_id", BIGINT, ForeignKey("sites.id"), nullable=False, index=True),
        Column("file", Text(), nullable=False),
        Column("known", BIGINT, nullable=False),
        Column("notes", Facts(), nullable=False),
        Column("read_at", UtcTime(), nullable=False),
        CheckConstraint("known BETWEEN 0 AND 1000000000", name="known_range"),
        sqlite_strict=True,
    )
    op.create_table(
        "output_drafts",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("site_id", BIGINT, ForeignKey("sites.id"), nullable=False, index=True),
        Column("ledger_id", BIGINT, ForeignKey("output_ledgers.id"), index=True),
        Column("line", BIGINT),
        Column("notes", Facts(), nullable=False),
        Column("terms", Facts(), nullable=False),
        Column("drafted_at", UtcTime(), nullable=False),
        Column("version", BIGINT, nullable=False),
        CheckConstraint("line BETWEEN 1 AND 2000000", name="line_range"),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("output_drafts")
    op.drop_table("output_ledgers")
