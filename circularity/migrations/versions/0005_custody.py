"""From agreement to treatment: what parties agree, move, receive and book, and the ledger of its mass."""

from __future__ import annotations

from alembic import op

from circularity.migrations.custody import agreements, books, ledger, transfers, triggers

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SUBJECTS = (agreements, transfers, books, ledger)


def upgrade() -> None:
    for subject in SUBJECTS:
        subject.create()
    triggers.create()


def downgrade() -> None:
    for subject in reversed(SUBJECTS):
        for table in reversed(subject.TABLES):
            op.drop_table(table)
    triggers.drop()
