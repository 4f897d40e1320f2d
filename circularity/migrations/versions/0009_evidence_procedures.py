"""An agreement may also wait for an assay, or for the evidence of an exemption."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, Text

from circularity.columns import BIGINT, CalendarDay

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BEFORE = ("general_record", "general_approval", "hazardous_approval", "plan_change")
NOW = (*BEFORE, "assay", "exemption_evidence")


def upgrade() -> None:
    _allow(NOW)


def downgrade() -> None:
    _allow(BEFORE)


def _allow(kinds: tuple[str, ...]) -> None:
    """Change the words of one CHECK, which SQLite can only do by writing the table anew."""
    check = "kind IN ({})".format(", ".join(f"'{kind}'" for kind in kinds))
    name = "ck_agreement_procedures_kind_word"
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f(name), "agreement_procedures")
        op.create_check_constraint(op.f(name), "agreement_procedures", check)
        return
    for column in ("agreement_id", "grant_id"):
        op.drop_index(f"ix_agreement_procedures_{column}", "agreement_procedures")
    op.rename_table("agreement_procedures", "agreement_procedures_before")
    op.create_table(
        "agreement_procedures",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("agreement_id", BIGINT, ForeignKey("agreements.id"), nullable=False, index=True),
        Column("kind", Text(), nullable=False),
        Column("filed_on", CalendarDay()),
        Column("expected_on", CalendarDay()),
        Column("granted_on", CalendarDay()),
        Column("grant_id", BIGINT, ForeignKey("procedure_grants.id"), index=True),
        Column("document", Text(), nullable=False),
        CheckConstraint(check, name="kind_word"),
        sqlite_strict=True,
    )
    op.execute("INSERT INTO agreement_procedures SELECT * FROM agreement_procedures_before")
    op.drop_table("agreement_procedures_before")
