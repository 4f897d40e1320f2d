"""Batches of hazardous months by stage, and how the lines of loads were kept and handled."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, Text

from circularity.columns import BIGINT, CalendarDay, UtcTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stage_batches",
        Column("ledger_month_id", BIGINT, ForeignKey("ledger_months.id"), primary_key=True),
        Column("stage", Text(), primary_key=True),
        Column("number", BIGINT, primary_key=True, autoincrement=False),
        Column("batch", Text(), nullable=False),
        Column("day", CalendarDay(), nullable=False),
        Column("mass_kg", BIGINT, nullable=False),
        Column("operation", Text(), nullable=False),
        Column("party", Text(), nullable=False),
        Column("related", Text(), nullable=False),
        *_handling(),
        CheckConstraint("number BETWEEN 1 AND 10000", name="number_range"),
        CheckConstraint("mass_kg BETWEEN 1 AND 1000000000000", name="mass_kg_range"),
        CheckConstraint(
            "stage IN ('generated', 'stored', 'taken_out', 'own', 'entrusted')", name="stage_word"
        ),
        CheckConstraint("container_count BETWEEN 1 AND 1000000", name="container_count_range"),
        sqlite_strict=True,
    )
    op.create_table(
        "line_handlings",
        Column("line_id", BIGINT, ForeignKey("transfer_lines.id"), primary_key=True),
        *_handling(),
        Column("told_at", UtcTime(), nullable=False),
        CheckConstraint("container_count BETWEEN 1 AND 1000000", name="container_count_range"),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("line_handlings")
    op.drop_table("stage_batches")


def _handling() -> tuple[Column[str] | Column[int], ...]:
    texts = ("container_type", "container_code", "facility_code", "handler", "mover")
    return (
        *(Column(name, Text(), nullable=False) for name in texts),
        Column("container_count", BIGINT),
    )
