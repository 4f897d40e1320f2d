"""Proposals that every run looks for and that are few: an index on these alone."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

RARE = {
    "ix_proposals_ended_open": "status = 'open' AND until_run_id IS NOT NULL",
    "ix_proposals_in_force_over": (
        "until_run_id IS NULL AND status IN ('agreed', 'declined', 'expired', 'superseded')"
    ),
}


def upgrade() -> None:
    for name, condition in RARE.items():
        where = text(condition)
        op.create_index(name, "proposals", ["until_run_id"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name in RARE:
        op.drop_index(name, "proposals")
