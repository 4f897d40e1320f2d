"""Waiting for the turn to append to the audit chain and reading its head, on PostgreSQL in one step.

Everybody who writes waits for the one who appends: what he asks the server meanwhile is counted.
"""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

# Each statement of a function sees what was committed when it began: the head is read after the wait.
POSTGRESQL = """
CREATE FUNCTION audit_events_head() RETURNS TABLE ("position" bigint, digest text) LANGUAGE plpgsql AS
$$ BEGIN
    PERFORM pg_advisory_xact_lock(1128878659);
    RETURN QUERY SELECT e."position", e.digest FROM audit_events AS e ORDER BY e."position" DESC LIMIT 1;
END $$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(POSTGRESQL)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_events_head()")
