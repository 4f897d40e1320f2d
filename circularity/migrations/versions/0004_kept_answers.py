"""Answers kept under idempotency keys."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, PrimaryKeyConstraint, Text, UniqueConstraint

from circularity.columns import BIGINT, Facts, UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_answers",
        Column("id", BIGINT, nullable=False),
        Column("scope", Text(), nullable=False),
        Column("key", Text(), nullable=False),
        Column("digest", Text(), nullable=False),
        Column("answer", Facts(), nullable=False),
        Column("kept_at", UtcTime(), nullable=False),
        CheckConstraint("length(key) BETWEEN 1 AND 255", name=op.f("ck_kept_answers_key_length")),
        PrimaryKeyConstraint("id", name=op.f("pk_kept_answers")),
        UniqueConstraint("scope", "key", name="uq_kept_answers_scope_key"),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("kept_answers")
