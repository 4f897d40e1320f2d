"""A line of a transfer may deliver on another agreement of the same two parties."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, ForeignKey

from circularity.columns import BIGINT

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "line_agreements",
        Column("line_id", BIGINT, ForeignKey("transfer_lines.id"), primary_key=True),
        Column("agreement_id", BIGINT, ForeignKey("agreements.id"), nullable=False, index=True),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("line_agreements")
