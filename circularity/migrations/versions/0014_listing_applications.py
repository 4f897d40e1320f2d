"""Applications for the white lists, with their papers, notes and consents, and appeals."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, LargeBinary, Text, UniqueConstraint

from circularity.columns import BIGINT, CalendarDay, Codes, UtcTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

LISTS = ("nominated", "agreed", "information")
APPLICATION = (
    *("draft", "submitted", "incomplete", "under_review", "approved", "refused", "published", "withdrawn"),
)
APPEAL = ("raised", "upheld", "dismissed", "withdrawn")
MEDIA_TYPES = ("application/pdf", "image/png", "image/jpeg")
TABLES = ("listing_applications", "listing_papers", "listing_notes", "listing_consents", "listing_appeals")


def upgrade() -> None:
    _applications()
    _papers()
    _notes_and_consents()
    _appeals()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _applications() -> None:
    op.create_table(
        "listing_applications",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("number", Text(), nullable=False, unique=True),
        Column("facility_id", BIGINT, ForeignKey("facilities.id"), nullable=False, index=True),
        Column("organisation_id", BIGINT, ForeignKey("organisations.id"), nullable=False, index=True),
        Column("list_kind", Text(), nullable=False),
        Column("waste_pattern", Text(), nullable=False),
        Column("operation", Text(), nullable=False),
        Column("accepted_origins", Codes(), nullable=False),
        Column("quota_kg", BIGINT),
        Column("ship_within_days", BIGINT),
        Column("valid_from", CalendarDay(), nullable=False),
        Column("valid_to", CalendarDay(), nullable=False),
        Column("renews_id", BIGINT, ForeignKey("whitelist_entries.id"), index=True),
        Column("entry_id", BIGINT, ForeignKey("whitelist_entries.id"), index=True),
        Column("status", Text(), nullable=False, index=True),
        Column("missing", Text(), nullable=False),
        Column("reasons", Text(), nullable=False),
        Column("begun_at", UtcTime(), nullable=False),
        Column("submitted_at", UtcTime()),
        Column("decided_at", UtcTime()),
        Column("published_at", UtcTime()),
        Column("version", BIGINT, nullable=False),
        _one_of("list_kind", LISTS),
        _one_of("status", APPLICATION),
        CheckConstraint("quota_kg BETWEEN 1 AND 1000000000000", name="quota_kg_range"),
        CheckConstraint("ship_within_days BETWEEN 1 AND 3660", name="ship_within_days_range"),
        CheckConstraint("valid_from <= valid_to", name="valid_from_before_valid_to"),
        sqlite_strict=True,
    )


def _papers() -> None:
    op.create_table(
        "listing_papers",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        _application(),
        Column("organisation_id", BIGINT, ForeignKey("organisations.id"), nullable=False),
        Column("kind", Text(), nullable=False),
        Column("title", Text(), nullable=False),
        Column("sha256", Text(), nullable=False),
        Column("media_type", Text(), nullable=False),
        Column("size_bytes", BIGINT, nullable=False),
        Column("content", LargeBinary(), nullable=False),
        Column("handed_in_at", UtcTime(), nullable=False),
        UniqueConstraint("application_id", "sha256", name="uq_listing_papers_file"),
        _one_of("media_type", MEDIA_TYPES),
        CheckConstraint("size_bytes BETWEEN 1 AND 5000000", name="size_bytes_range"),
        CheckConstraint("length(sha256) = 64", name="sha256_length"),
        sqlite_strict=True,
    )


def _notes_and_consents() -> None:
    op.create_table(
        "listing_notes",
        Column("id", BIGINT, primary_key=True),
        _application(),
        Column("organisation_id", BIGINT, ForeignKey("organisations.id"), nullable=False),
        Column("kind", Text(), nullable=False),
        Column("on_day", CalendarDay(), nullable=False),
        Column("text", Text(), nullable=False),
        Column("noted_at", UtcTime(), nullable=False),
        _one_of("kind", ("visit", "question", "answer")),
        sqlite_strict=True,
    )
    op.create_table(
        "listing_consents",
        Column("id", BIGINT, primary_key=True),
        _application(),
        Column("province", Text(), nullable=False),
        Column("organisation_id", BIGINT, ForeignKey("organisations.id"), nullable=False),
        Column("document", Text(), nullable=False),
        Column("given_at", UtcTime(), nullable=False),
        UniqueConstraint("application_id", "province", name="uq_listing_consents_province"),
        CheckConstraint("length(province) = 2", name="province_length"),
        sqlite_strict=True,
    )


def _appeals() -> None:
    op.create_table(
        "listing_appeals",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("application_id", BIGINT, ForeignKey("listing_applications.id"), index=True),
        Column("entry_id", BIGINT, ForeignKey("whitelist_entries.id"), index=True),
        Column("organisation_id", BIGINT, ForeignKey("organisations.id"), nullable=False, index=True),
        Column("reason", Text(), nullable=False),
        Column("answer", Text(), nullable=False),
        Column("status", Text(), nullable=False),
        Column("raised_at", UtcTime(), nullable=False),
        Column("answered_at", UtcTime()),
        _one_of("status", APPEAL),
        CheckConstraint("(application_id IS NULL) <> (entry_id IS NULL)", name="about_one_thing"),
        sqlite_strict=True,
    )


def _application() -> Column[int]:
    return Column("application_id", BIGINT, ForeignKey("listing_applications.id"), nullable=False, index=True)


def _one_of(column: str, words: tuple[str, ...]) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_word")
