"""People, what they act for, and how their organisations stand."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, Text, text

from circularity.columns import BIGINT, CalendarDay, Codes, UtcTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ROLES = "'owner', 'operator', 'reader', 'driver'"
KINDS = "'', 'ecology', 'economy', 'greening', 'water', 'commerce', 'transport'"
CURRENT = text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "users",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("mail", Text(), nullable=False, unique=True),
        Column("name", Text(), nullable=False),
        Column("language", Text(), nullable=False),
        Column("password_hash", Text(), nullable=False),
        Column("totp_secret", Text(), nullable=False),
        Column("totp_pending", Text(), nullable=False),
        Column("totp_step", BIGINT, nullable=False),
        Column("registered_at", UtcTime(), nullable=False),
        Column("password_changed_at", UtcTime(), nullable=False),
        Column("disabled_at", UtcTime()),
        CheckConstraint("language IN ('zh', 'en')", name="language_word"),
        CheckConstraint("totp_step BETWEEN 0 AND 1099511627776", name="totp_step_range"),
        sqlite_strict=True,
    )
    _memberships()
    op.create_table(
        "invitations",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("organisation_id", BIGINT, ForeignKey("organisations.id"), nullable=False, index=True),
        Column("mail", Text(), nullable=False),
        Column("role", Text(), nullable=False),
        Column("sites", Codes(), nullable=False),
        Column("expires_on", CalendarDay()),
        Column("key_digest", Text(), nullable=False, unique=True),
        Column("invited_by", Text(), nullable=False),
        Column("invited_at", UtcTime(), nullable=False),
        Column("valid_until", UtcTime(), nullable=False),
        Column("taken_at", UtcTime()),
        Column("withdrawn_at", UtcTime()),
        CheckConstraint(f"role IN ({ROLES})", name="role_word"),
        sqlite_strict=True,
    )
    op.create_table(
        "standings",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("organisation_id", BIGINT, ForeignKey("organisations.id"), nullable=False, unique=True),
        Column("verification", Text(), nullable=False),
        Column("reason", Text(), nullable=False),
        Column("decided_by", Text(), nullable=False),
        Column("decided_at", UtcTime()),
        Column("authority_kind", Text(), nullable=False),
        CheckConstraint("verification IN ('unverified', 'verified', 'refused')", name="verification_word"),
        CheckConstraint(f"authority_kind IN ({KINDS})", name="authority_kind_word"),
        sqlite_strict=True,
    )
    op.create_table(
        "dormant_sites",
        Column("id", BIGINT, primary_key=True),
        Column("site_id", BIGINT, ForeignKey("sites.id"), nullable=False, unique=True),
        Column("since", UtcTime(), nullable=False),
        Column("reason", Text(), nullable=False),
        sqlite_strict=True,
    )


def downgrade() -> None:
    for table in ("dormant_sites", "standings", "invitations", "memberships", "users"):
        op.drop_table(table)


def _memberships() -> None:
    op.create_table(
        "memberships",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("user_id", BIGINT, ForeignKey("users.id"), nullable=False, index=True),
        Column("organisation_id", BIGINT, ForeignKey("organisations.id"), nullable=False, index=True),
        Column("role", Text(), nullable=False),
        Column("sites", Codes(), nullable=False),
        Column("expires_on", CalendarDay()),
        Column("delegated_role", Text(), nullable=False),
        Column("delegated_until", CalendarDay()),
        Column("delegated_by_id", BIGINT, ForeignKey("memberships.id"), index=True),
        Column("began_at", UtcTime(), nullable=False),
        Column("ended_at", UtcTime()),
        CheckConstraint(f"role IN ({ROLES})", name="role_word"),
        CheckConstraint(f"delegated_role IN ('', {ROLES})", name="delegated_role_word"),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_memberships_current",
        "memberships",
        ["user_id", "organisation_id"],
        unique=True,
        sqlite_where=CURRENT,
        postgresql_where=CURRENT,
    )
