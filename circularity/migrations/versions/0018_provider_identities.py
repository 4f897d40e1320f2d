"""Log-ins of providers: who somebody is there, and the way there and back."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, ForeignKey, Text, UniqueConstraint

from circularity.columns import BIGINT, UtcTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "provider_identities",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("user_id", BIGINT, ForeignKey("users.id"), nullable=False, index=True),
        Column("provider", Text(), nullable=False),
        Column("issuer", Text(), nullable=False),
        Column("subject", Text(), nullable=False),
        Column("linked_at", UtcTime(), nullable=False),
        UniqueConstraint("issuer", "subject", name="uq_provider_identities_subject"),
        sqlite_strict=True,
    )
    op.create_table(
        "provider_attempts",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("key_digest", Text(), nullable=False, unique=True),
        Column("provider", Text(), nullable=False),
        Column("user_id", BIGINT, ForeignKey("users.id"), index=True),
        Column("back", Text(), nullable=False),
        Column("valid_until", UtcTime(), nullable=False),
        Column("used_at", UtcTime()),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("provider_attempts")
    op.drop_table("provider_identities")
