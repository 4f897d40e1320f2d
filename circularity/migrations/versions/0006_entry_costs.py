"""What a run's region loses for a kilogram that enters at a limit."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, Text

from circularity.columns import BIGINT

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LEVELS = ("placed_kg", "urgent_kg", "utilised_kg", "hierarchy", "cost_ucny")
BOUND = 4611686018427387904


def upgrade() -> None:
    op.create_table(
        "entry_costs",
        Column("run_id", BIGINT, ForeignKey("matching_runs.id"), primary_key=True),
        Column("kind", Text(), primary_key=True),
        Column("subject_id", Text(), primary_key=True),
        *(Column(level, BIGINT, nullable=False) for level in LEVELS),
        CheckConstraint("kind IN ('window', 'quota')", name="kind_word"),
        *(
            CheckConstraint(f"{level} BETWEEN -{BOUND} AND {BOUND}", name=f"{level}_range")
            for level in LEVELS
        ),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("entry_costs")
