"""Which sites an upload is about, so that a member for some sites sees the uploads of these alone."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, Text, select

from circularity.columns import BIGINT, Facts

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "upload_sites",
        Column("upload_id", BIGINT, ForeignKey("uploads.id"), primary_key=True),
        Column("site_id", BIGINT, ForeignKey("sites.id"), primary_key=True),
        sqlite_strict=True,
    )
    op.create_index("ix_upload_sites_site_id", "upload_sites", ["site_id"])
    _tell_the_sites_of_earlier_uploads()


def downgrade() -> None:
    op.drop_table("upload_sites")


def _tell_the_sites_of_earlier_uploads() -> None:
    """A weighbridge's export is about the site that weighed, a form about its own, numbers about all."""
    tables = MetaData()
    uploads = _table(tables, "uploads", "job_id")
    jobs = Table("jobs", tables, Column("id", Integer), Column("parameters", Facts()))
    sites = _table(tables, "sites", public_id=True)
    transfers = _table(tables, "transfers", "sender_site_id", "facility_id", public_id=True)
    facilities = _table(tables, "facilities", "site_id")
    told = _table(tables, "upload_sites", "upload_id", "site_id")
    connection = op.get_bind()
    rows = connection.execute(
        select(uploads.c.id, jobs.c.parameters).where(uploads.c.job_id == jobs.c.id)
    ).all()
    for upload_id, asked in rows:
        if "site" in asked:
            where = select(sites.c.id).where(sites.c.public_id == asked["site"])
        elif asked.get("side") == "sender":
            where = select(transfers.c.sender_site_id).where(transfers.c.public_id == asked["transfer"])
        elif asked.get("side") == "receiver":
            where = select(facilities.c.site_id).where(
                facilities.c.id == transfers.c.facility_id, transfers.c.public_id == asked["transfer"]
            )
        else:
            continue
        site_id = connection.scalar(where)
        if site_id is not None:
            connection.execute(told.insert().values(upload_id=upload_id, site_id=site_id))


def _table(tables: MetaData, name: str, *numbers: str, public_id: bool = False) -> Table:
    columns = [Column(column, Integer) for column in ("id", *numbers)]
    return Table(name, tables, *columns, *([Column("public_id", Text())] if public_id else []))
