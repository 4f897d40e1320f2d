"""Jobs that outlive a request."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, Text, text

from circularity.columns import BIGINT, Facts, Truth, UtcTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATES = "'queued', 'running', 'done', 'failed', 'cancelled'"
UNFINISHED = text("state IN ('queued', 'running')")


def upgrade() -> None:
    op.create_table(
        "jobs",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("kind", Text(), nullable=False),
        Column("parameters", Facts(), nullable=False),
        Column("state", Text(), nullable=False),
        Column("progress", Facts(), nullable=False),
        Column("asked_at", UtcTime(), nullable=False),
        Column("asked_by", Text(), nullable=False),
        Column("asked_by_organisation", Text()),
        Column("asked_by_kind", Text(), nullable=False),
        Column("asked_to_cancel", Truth(), nullable=False),
        Column("token", BIGINT, nullable=False),
        Column("lease_until", UtcTime()),
        Column("started_at", UtcTime()),
        Column("finished_at", UtcTime()),
        Column("result_id", Text()),
        Column("error", Facts(), nullable=False),
        CheckConstraint(f"state IN ({STATES})", name="state_word"),
        CheckConstraint("token BETWEEN 0 AND 3", name="token_range"),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_jobs_unfinished",
        "jobs",
        ["kind", "parameters"],
        unique=True,
        sqlite_where=UNFINISHED,
        postgresql_where=UNFINISHED,
    )


def downgrade() -> None:
    op.drop_table("jobs")
