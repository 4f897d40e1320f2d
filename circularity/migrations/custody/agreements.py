"""Agreements, their offers and procedures, and the limits they hold."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, Text, UniqueConstraint, text

from circularity.columns import BIGINT, CalendarDay, Facts, UtcTime
from circularity.migrations.custody.bounds import between, mass, one_of

TABLES = (
    "agreements",
    "offers",
    "agreement_procedures",
    "ceilings",
    "holds",
)


def create() -> None:
    op.create_table(
        "agreements",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("number", Text(), nullable=False, unique=True),
        Column("source", Text(), nullable=False),
        Column("document", Text(), nullable=False),
        Column("proposal_id", BIGINT, ForeignKey("proposals.id"), index=True),
        Column("output_id", BIGINT, ForeignKey("outputs.id"), index=True),
        Column("window_id", BIGINT, ForeignKey("capacity_windows.id"), index=True),
        Column("site_id", BIGINT, ForeignKey("sites.id"), nullable=False, index=True),
        Column("line_id", BIGINT, ForeignKey("entitlement_lines.id"), nullable=False, index=True),
        Column("facility_id", BIGINT, ForeignKey("facilities.id"), nullable=False, index=True),
        Column("waste_code", Text(), nullable=False),
        Column("operation", Text(), nullable=False),
        Column("offer_number", BIGINT, nullable=False),
        Column("shipped_kg", BIGINT, nullable=False),
        Column("status", Text(), nullable=False, index=True),
        Column("begun_at", UtcTime(), nullable=False),
        Column("expires_at", UtcTime(), index=True),
        Column("agreed_at", UtcTime()),
        Column("ended_at", UtcTime()),
        Column("version", BIGINT, nullable=False),
        mass("shipped_kg"),
        one_of("source", "proposal", "direct", "imported"),
        one_of(
            "status",
            "offered_by_generator",
            "offered_by_facility",
            "accepted_by_facility",
            "accepted_by_generator",
            "agreed",
            "declined",
            "expired",
            "suspended",
            "ended",
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "offers",
        Column("id", BIGINT, primary_key=True),
        Column("agreement_id", BIGINT, ForeignKey("agreements.id"), nullable=False),
        Column("number", BIGINT, nullable=False),
        Column("made_by", Text(), nullable=False),
        Column("made_at", UtcTime(), nullable=False),
        Column("lot", Text(), nullable=False),
        Column("mass_kg", BIGINT, nullable=False),
        Column("cadence", Text(), nullable=False),
        Column("period_mass_kg", BIGINT, nullable=False),
        Column("valid_from", CalendarDay(), nullable=False),
        Column("valid_to", CalendarDay(), nullable=False),
        Column("price_kind", Text(), nullable=False),
        Column("price", Facts(), nullable=False),
        Column("settles", Text(), nullable=False),
        Column("reference_moisture_permille", BIGINT),
        Column("note", Text(), nullable=False),
        CheckConstraint("valid_from <= valid_to", name="valid_from_before_valid_to"),
        UniqueConstraint("agreement_id", "number", name="uq_offers_agreement_number"),
        between("number", 1, 10000),
        between("reference_moisture_permille", 0, 1000),
        mass("mass_kg", 1),
        mass("period_mass_kg", 1),
        one_of("cadence", "once", "daily", "weekly", "monthly", "quarterly", "yearly"),
        one_of("lot", "regular", "sample", "trial"),
        one_of("made_by", "generator", "facility"),
        one_of("price_kind", "fixed", "stepped", "formula"),
        one_of("settles", "sent", "received"),
        sqlite_strict=True,
    )
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
        one_of("kind", "general_record", "general_approval", "hazardous_approval", "plan_change"),
        sqlite_strict=True,
    )
    op.create_table(
        "ceilings",
        Column("id", BIGINT, primary_key=True),
        Column("kind", Text(), nullable=False),
        Column("subject_id", BIGINT, nullable=False),
        Column("year", BIGINT, nullable=False),
        Column("limit_kg", BIGINT, nullable=False),
        Column("reserved_kg", BIGINT, nullable=False),
        Column("committed_kg", BIGINT, nullable=False),
        CheckConstraint("reserved_kg + committed_kg <= limit_kg", name="never_oversold"),
        UniqueConstraint("kind", "subject_id", "year", name="uq_ceilings_limit"),
        between("year", 0, 2200),
        mass("committed_kg"),
        mass("limit_kg"),
        mass("reserved_kg"),
        one_of("kind", "output", "window", "line", "entitlement", "facility", "quota", "grant"),
        sqlite_strict=True,
    )
    op.create_table(
        "holds",
        Column("id", BIGINT, primary_key=True),
        Column("agreement_id", BIGINT, ForeignKey("agreements.id"), nullable=False, index=True),
        Column("ceiling_id", BIGINT, ForeignKey("ceilings.id"), nullable=False, index=True),
        Column("mass_kg", BIGINT, nullable=False),
        Column("status", Text(), nullable=False),
        Column("expires_at", UtcTime()),
        mass("mass_kg", 1),
        one_of("status", "reserved", "committed", "released"),
        sqlite_strict=True,
    )
    standing = text("status IN ('reserved', 'committed')")
    op.create_index(
        "uq_holds_one_stands",
        "holds",
        ["agreement_id", "ceiling_id"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
