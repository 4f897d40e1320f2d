"""What happens to a quota can be read; what a facility may take changes as the authority confirms."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, Text, text

from circularity.columns import BIGINT, Facts, UtcTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

MOVES = "'reserved', 'committed', 'released', 'trued_up', 'trued_down', 'raised'"
CHANGES = "'annual_limit', 'line_limit', 'validity', 'new_line'"
STATES = "'requested', 'confirmed', 'refused', 'withdrawn'"
WHY = "what has happened to a quota stays written"
WAITING = text("status = 'requested'")


def upgrade() -> None:
    op.create_table(
        "quota_moves",
        Column("id", BIGINT, primary_key=True),
        Column("entry_id", BIGINT, ForeignKey("whitelist_entries.id"), nullable=False, index=True),
        Column("agreement_id", BIGINT, ForeignKey("agreements.id"), index=True),
        Column("kind", Text(), nullable=False),
        Column("mass_kg", BIGINT, nullable=False),
        Column("document", Text(), nullable=False),
        Column("at", UtcTime(), nullable=False),
        CheckConstraint(f"kind IN ({MOVES})", name="kind_word"),
        CheckConstraint("mass_kg BETWEEN 1 AND 1000000000000", name="mass_kg_range"),
        sqlite_strict=True,
    )
    _freeze()
    op.create_table(
        "entitlement_changes",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("entitlement_id", BIGINT, ForeignKey("entitlements.id"), nullable=False, index=True),
        Column("line_id", BIGINT, ForeignKey("entitlement_lines.id")),
        Column("organisation_id", BIGINT, ForeignKey("organisations.id"), nullable=False),
        Column("kind", Text(), nullable=False),
        Column("wanted", Facts(), nullable=False),
        Column("before", Facts(), nullable=False),
        Column("document", Text(), nullable=False),
        Column("reason", Text(), nullable=False),
        Column("answer", Text(), nullable=False),
        Column("status", Text(), nullable=False),
        Column("asked_at", UtcTime(), nullable=False),
        Column("answered_at", UtcTime()),
        CheckConstraint(f"kind IN ({CHANGES})", name="kind_word"),
        CheckConstraint(f"status IN ({STATES})", name="status_word"),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_entitlement_changes_one_waits",
        "entitlement_changes",
        ["entitlement_id"],
        unique=True,
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )


def downgrade() -> None:
    op.drop_table("entitlement_changes")
    op.drop_table("quota_moves")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION quota_moves_refuse()")


def _freeze() -> None:
    """Let the database refuse to change or delete a move."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION quota_moves_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{WHY}' USING ERRCODE = 'check_violation'; END $$"
        )
    for event in ("UPDATE", "DELETE"):
        head = f"CREATE TRIGGER quota_moves_refuse_{event.lower()} BEFORE {event} ON quota_moves"
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"{head} FOR EACH STATEMENT EXECUTE FUNCTION quota_moves_refuse()")
        else:
            op.execute(f"{head} BEGIN SELECT RAISE(ABORT, '{WHY}'); END")
