"""Each sender is told of a treatment for itself: the moment stands with its load, not with the treatment."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey

from circularity.columns import BIGINT, UtcTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("treatments", "told_at")
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("treatment_inputs", Column("told_at", UtcTime()))
    else:
        _write_anew(told=True)


def downgrade() -> None:
    op.add_column("treatments", Column("told_at", UtcTime()))
    if op.get_bind().dialect.name == "postgresql":
        op.drop_column("treatment_inputs", "told_at")
    else:
        _write_anew(told=False)


def _write_anew(*, told: bool) -> None:
    """Write SQLite's table anew, so that it reads as the model writes it."""
    op.drop_index("ix_treatment_inputs_receipt_id", "treatment_inputs")
    op.rename_table("treatment_inputs", "treatment_inputs_before")
    op.create_table(
        "treatment_inputs",
        Column("treatment_id", BIGINT, ForeignKey("treatments.id"), primary_key=True),
        Column("receipt_id", BIGINT, ForeignKey("receipts.id"), primary_key=True, index=True),
        Column("mass_kg", BIGINT, nullable=False),
        *([Column("told_at", UtcTime())] if told else []),
        CheckConstraint("mass_kg BETWEEN 1 AND 1000000000000", name="mass_kg_range"),
        sqlite_strict=True,
    )
    columns = "treatment_id, receipt_id, mass_kg"
    op.execute(f"INSERT INTO treatment_inputs ({columns}) SELECT {columns} FROM treatment_inputs_before")  # noqa: S608 - our own words
    op.drop_table("treatment_inputs_before")
