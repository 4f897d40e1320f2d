"""Secrets of second factors that lay in the clear are sealed."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, MetaData, Table, or_, select

from circularity.columns import BIGINT
from circularity.sealed_texts import Sealed

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

USERS = Table(
    "users",
    MetaData(),
    Column("id", BIGINT, primary_key=True),
    Column("totp_secret", Sealed(), nullable=False),
    Column("totp_pending", Sealed(), nullable=False),
)


def upgrade() -> None:
    connection = op.get_bind()
    having = or_(USERS.c.totp_secret != "", USERS.c.totp_pending != "")
    for row in connection.execute(USERS.select().where(having)).all():
        texts = {"totp_secret": row.totp_secret, "totp_pending": row.totp_pending}
        connection.execute(USERS.update().where(USERS.c.id == row.id).values(texts))


def downgrade() -> None:
    sealed = or_(USERS.c.totp_secret != "", USERS.c.totp_pending != "")
    if op.get_bind().scalar(select(USERS.c.id).where(sealed).limit(1)) is not None:
        raise NotImplementedError("nothing is written back in the clear: reset the second factors first")
