"""A treatment that was recorded wrongly is withdrawn by a row of its own."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, ForeignKey, Text

from circularity.columns import BIGINT, UtcTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "treatment_withdrawals",
        Column("treatment_id", BIGINT, ForeignKey("treatments.id"), primary_key=True),
        Column("withdrawn_at", UtcTime(), nullable=False),
        Column("reason", Text, nullable=False),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("treatment_withdrawals")
