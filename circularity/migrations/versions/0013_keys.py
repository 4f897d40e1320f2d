"""What people and programs prove themselves with, and counts of wrong proofs."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, Text, UniqueConstraint

from circularity.columns import BIGINT, Codes, Facts, Truth, UtcTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ENDS = "'', 'log_out', 'password', 'role', 'disabled', 'second_factor', 'renewed'"


def upgrade() -> None:
    op.create_table(
        "user_sessions",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("key_digest", Text(), nullable=False, unique=True),
        Column("user_id", BIGINT, ForeignKey("users.id"), nullable=False, index=True),
        Column("second_factor", Truth(), nullable=False),
        Column("waits_for_code", Truth(), nullable=False),
        Column("opened_at", UtcTime(), nullable=False),
        Column("seen_at", UtcTime(), nullable=False),
        Column("ended_at", UtcTime()),
        Column("ended_because", Text(), nullable=False),
        CheckConstraint(f"ended_because IN ({ENDS})", name="ended_because_word"),
        sqlite_strict=True,
    )
    op.create_table(
        "one_time_links",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("purpose", Text(), nullable=False),
        Column("key_digest", Text(), nullable=False, unique=True),
        Column("user_id", BIGINT, ForeignKey("users.id"), index=True),
        Column("facts", Facts(), nullable=False),
        Column("made_at", UtcTime(), nullable=False),
        Column("valid_until", UtcTime(), nullable=False),
        Column("used_at", UtcTime()),
        CheckConstraint("purpose IN ('reset', 'sign_up')", name="purpose_word"),
        sqlite_strict=True,
    )
    op.create_table(
        "recovery_codes",
        Column("id", BIGINT, primary_key=True),
        Column("user_id", BIGINT, ForeignKey("users.id"), nullable=False, index=True),
        Column("code_digest", Text(), nullable=False),
        Column("used_at", UtcTime()),
        sqlite_strict=True,
    )
    op.create_table(
        "throttles",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("kind", Text(), nullable=False),
        Column("subject", Text(), nullable=False),
        Column("attempts", BIGINT, nullable=False),
        Column("newest_at", UtcTime(), nullable=False),
        Column("paused_until", UtcTime()),
        UniqueConstraint("kind", "subject", name="uq_throttles_subject"),
        CheckConstraint("kind IN ('account', 'code', 'address', 'mail')", name="kind_word"),
        CheckConstraint("attempts BETWEEN 0 AND 1000000000", name="attempts_range"),
        sqlite_strict=True,
    )
    op.create_table(
        "api_tokens",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("membership_id", BIGINT, ForeignKey("memberships.id"), nullable=False, index=True),
        Column("name", Text(), nullable=False),
        Column("scopes", Codes(), nullable=False),
        Column("ending", Text(), nullable=False),
        Column("key_digest", Text(), nullable=False, unique=True),
        Column("made_at", UtcTime(), nullable=False),
        Column("valid_until", UtcTime(), nullable=False),
        Column("revoked_at", UtcTime()),
        Column("used_at", UtcTime()),
        sqlite_strict=True,
    )


def downgrade() -> None:
    for table in ("api_tokens", "throttles", "recovery_codes", "one_time_links", "user_sessions"):
        op.drop_table(table)
