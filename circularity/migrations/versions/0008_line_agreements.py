"""A line of a transfer may belong to another agreement of the same two parties."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Alembic cannot add a column with a foreign key to SQLite; the sentence is the same on both databases.
    integer = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.execute(
        f"ALTER TABLE transfer_lines ADD COLUMN agreement_id {integer} "
        "CONSTRAINT fk_transfer_lines_agreement_id REFERENCES agreements (id)"
    )
    op.create_index("ix_transfer_lines_agreement_id", "transfer_lines", ["agreement_id"])


def downgrade() -> None:
    op.drop_index("ix_transfer_lines_agreement_id", "transfer_lines")
    with op.batch_alter_table("transfer_lines") as batch:
        batch.drop_column("agreement_id")
