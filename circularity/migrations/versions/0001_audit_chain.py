"""The audit chain, which the database itself keeps from being rewritten."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, Text

from circularity.columns import BIGINT

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQLITE = """
CREATE TRIGGER audit_events_refuse_{event} BEFORE {event} ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit events are never changed or deleted'); END
"""
POSTGRESQL_FUNCTION = """
CREATE FUNCTION audit_events_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'audit events are never changed or deleted'; END $$
"""
POSTGRESQL = """
CREATE TRIGGER audit_events_refuse_{event} BEFORE {event} ON audit_events
FOR EACH STATEMENT EXECUTE FUNCTION audit_events_refuse()
"""


def upgrade() -> None:
    op.create_table(
        "audit_events",
        Column("position", BIGINT, primary_key=True, autoincrement=False),
        Column("moment", Text(), nullable=False),
        Column("actor_name", Text(), nullable=False),
        Column("actor_organisation", Text(), nullable=False),
        Column("actor_kind", Text(), nullable=False),
        Column("action", Text(), nullable=False),
        Column("subject_kind", Text(), nullable=False),
        Column("subject_id", Text(), nullable=False, index=True),
        Column("facts_json", Text(), nullable=False),
        Column("previous", Text(), nullable=False),
        Column("digest", Text(), nullable=False, unique=True),
        CheckConstraint("position BETWEEN 1 AND 4611686018427387904", name="position_range"),
        sqlite_strict=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(POSTGRESQL_FUNCTION)
        for event in ("UPDATE", "DELETE", "TRUNCATE"):
            op.execute(POSTGRESQL.format(event=event))
    else:
        for event in ("UPDATE", "DELETE"):
            op.execute(SQLITE.format(event=event))


def downgrade() -> None:
    op.drop_table("audit_events")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_events_refuse()")
