"""A procedure has states of its own: drafted, filed, granted or refused; its form keeps what was typed."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, Text

from circularity.columns import BIGINT, CalendarDay, Facts

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

KINDS = (
    "general_record", "general_approval", "hazardous_approval", "plan_change", "assay", "exemption_evidence",
)  # fmt: skip
STATES = ("to_file", "filed", "granted", "refused")
TABLE = "agreement_procedures"
STATUS = (
    "CASE WHEN granted_on IS NOT NULL THEN 'granted' "
    "WHEN filed_on IS NOT NULL THEN 'filed' ELSE 'to_file' END"
)
KEPT = "id, public_id, agreement_id, kind, filed_on, expected_on, granted_on, grant_id, document"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.add_column(TABLE, Column("status", Text()))
        op.add_column(TABLE, Column("filled", Facts()))
        for name in ("consent", "reasons"):
            op.add_column(TABLE, Column(name, Text()))
        op.execute(f"UPDATE {TABLE} SET status = {STATUS}, filled = '{{}}', consent = '', reasons = ''")  # noqa: S608 - the names are our own
        for name in ("status", "filled", "consent", "reasons"):
            op.alter_column(TABLE, name, nullable=False)
        op.create_check_constraint(op.f(f"ck_{TABLE}_status_word"), TABLE, _words("status", STATES))
        op.create_index(f"ix_{TABLE}_status", TABLE, ["status"])
        return
    _write_anew(new=True)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name in ("status", "filled", "consent", "reasons"):
            op.drop_column(TABLE, name)
        return
    _write_anew(new=False)


def _words(column: str, known: tuple[str, ...]) -> str:
    return "{} IN ({})".format(column, ", ".join(f"'{word}'" for word in known))


def _write_anew(*, new: bool) -> None:
    """Write SQLite's table anew under its own name, with the new columns or without them."""
    op.execute(f"CREATE TABLE rows_before AS SELECT * FROM {TABLE}")  # noqa: S608 - our own words
    op.drop_table(TABLE)
    more = [
        Column("status", Text(), nullable=False, index=True),
        Column("filled", Facts(), nullable=False),
        Column("consent", Text(), nullable=False),
        Column("reasons", Text(), nullable=False),
        CheckConstraint(_words("status", STATES), name="status_word"),
    ]
    op.create_table(
        TABLE,
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("agreement_id", BIGINT, ForeignKey("agreements.id"), nullable=False, index=True),
        Column("kind", Text(), nullable=False),
        Column("filed_on", CalendarDay()),
        Column("expected_on", CalendarDay()),
        Column("granted_on", CalendarDay()),
        Column("grant_id", BIGINT, ForeignKey("procedure_grants.id"), index=True),
        Column("document", Text(), nullable=False),
        CheckConstraint(_words("kind", KINDS), name="kind_word"),
        *(more if new else []),
        sqlite_strict=True,
    )
    names, values = (f"{KEPT}, status, filled, consent, reasons", f"{KEPT}, {STATUS}, '{{}}', '', ''")
    chosen = (names, values) if new else (KEPT, KEPT)
    op.execute(f"INSERT INTO {TABLE} ({chosen[0]}) SELECT {chosen[1]} FROM rows_before")  # noqa: S608 - the names are our own
    op.execute("DROP TABLE rows_before")
