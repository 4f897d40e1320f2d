"""Targets that authorities enter after those of the catalogue."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, Text

from circularity.columns import BIGINT, CalendarDay, UtcTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "entered_targets",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("organisation_id", BIGINT, ForeignKey("organisations.id"), nullable=False, index=True),
        Column("scope", Text(), nullable=False),
        Column("region_code", Text(), nullable=False),
        Column("rate_permille", BIGINT, nullable=False),
        Column("period_from", CalendarDay(), nullable=False),
        Column("period_to", CalendarDay(), nullable=False),
        Column("document_zh", Text(), nullable=False),
        Column("document_en", Text(), nullable=False),
        Column("entered_at", UtcTime(), nullable=False),
        Column("withdrawn_at", UtcTime()),
        Column("withdrawn_because", Text(), nullable=False),
        CheckConstraint("scope IN ('general', 'bulk')", name="scope_word"),
        CheckConstraint("rate_permille BETWEEN 1 AND 1000", name="rate_permille_range"),
        CheckConstraint("period_from <= period_to", name="period_from_before_period_to"),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("entered_targets")
