"""What a site says of the nature of its wastes, as the inventory of the general-waste ledger asks."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, Text, UniqueConstraint

from circularity.columns import BIGINT, UtcTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TEXTS = ("grade", "arising_step", "physical_state", "components", "pollution_character")


def upgrade() -> None:
    op.create_table(
        "waste_descriptions",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("site_id", BIGINT, ForeignKey("sites.id"), nullable=False, index=True),
        Column("waste_code", Text(), nullable=False),
        Column("year", BIGINT, nullable=False),
        *(Column(name, Text(), nullable=False) for name in TEXTS),
        Column("described_at", UtcTime(), nullable=False),
        UniqueConstraint("site_id", "waste_code", "year", name="uq_waste_descriptions_site_waste_year"),
        CheckConstraint("year BETWEEN 2000 AND 2100", name="year_range"),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("waste_descriptions")
