"""Uploaded files that wait for a worker, and what became of them."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, LargeBinary, Text

from circularity.columns import BIGINT, Facts, UtcTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MAX_BYTES = 50 * 1024 * 1024
COUNTS = ("added", "ignored", "refused")


def upgrade() -> None:
    op.create_table(
        "uploads",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("job_id", BIGINT, ForeignKey("jobs.id"), nullable=False, unique=True),
        Column("suffix", Text(), nullable=False),
        Column("size_bytes", BIGINT, nullable=False),
        Column("sha256", Text(), nullable=False),
        Column("kept_at", UtcTime(), nullable=False),
        *(Column(name, BIGINT) for name in COUNTS),
        Column("problems", Facts(), nullable=False),
        CheckConstraint("suffix IN ('csv', 'xlsx')", name="suffix_word"),
        CheckConstraint(f"size_bytes BETWEEN 1 AND {MAX_BYTES}", name="size_bytes_range"),
        *(CheckConstraint(f"{name} BETWEEN 0 AND 1000000000", name=f"{name}_range") for name in COUNTS),
        sqlite_strict=True,
    )
    op.create_table(
        "upload_contents",
        Column("upload_id", BIGINT, ForeignKey("uploads.id"), primary_key=True),
        Column("content", LargeBinary(), nullable=False),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("upload_contents")
    op.drop_table("uploads")
