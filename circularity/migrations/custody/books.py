"""Receipts, treatments, generators' months and surveys of stock."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, Text, UniqueConstraint, text

from circularity.columns import BIGINT, CalendarDay, UtcTime
from circularity.migrations.custody.bounds import between, mass, one_of

TABLES = (
    "receipts",
    "fractions",
    "treatments",
    "treatment_inputs",
    "treatment_results",
    "ledger_months",
    "month_uses",
    "stock_surveys",
)


def create() -> None:
    op.create_table(
        "receipts",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("line_id", BIGINT, ForeignKey("transfer_lines.id"), nullable=False, unique=True),
        Column("facility_id", BIGINT, ForeignKey("facilities.id"), nullable=False, index=True),
        Column("verdict", Text(), nullable=False),
        Column("received_on", CalendarDay(), nullable=False, index=True),
        Column("decided_at", UtcTime()),
        Column("received_kg", BIGINT, nullable=False),
        Column("accepted_kg", BIGINT, nullable=False),
        Column("refused_kg", BIGINT, nullable=False),
        Column("settled_kg", BIGINT, nullable=False),
        Column("moisture_permille", BIGINT),
        Column("reason", Text(), nullable=False),
        Column("forwarded_kg", BIGINT, nullable=False),
        Column("treated_kg", BIGINT, nullable=False),
        CheckConstraint(
            "CASE verdict WHEN 'accepted' THEN refused_kg = 0 AND accepted_kg > 0 WHEN "
            "'partly_accepted' THEN refused_kg > 0 AND accepted_kg > 0 ELSE accepted_kg = 0 "
            "END",
            name="verdict_fits",
        ),
        CheckConstraint("forwarded_kg + treated_kg <= accepted_kg", name="no_more_than_accepted"),
        CheckConstraint(
            "verdict = 'pending' OR accepted_kg + refused_kg = received_kg", name="accepted_or_refused"
        ),
        between("moisture_permille", 0, 1000),
        mass("accepted_kg"),
        mass("forwarded_kg"),
        mass("received_kg"),
        mass("refused_kg"),
        mass("settled_kg"),
        mass("treated_kg"),
        one_of("verdict", "pending", "accepted", "partly_accepted", "refused"),
        sqlite_strict=True,
    )
    op.create_table(
        "fractions",
        Column("line_id", BIGINT, ForeignKey("transfer_lines.id"), primary_key=True),
        Column("receipt_id", BIGINT, ForeignKey("receipts.id"), primary_key=True, index=True),
        Column("mass_kg", BIGINT, nullable=False),
        mass("mass_kg", 1),
        sqlite_strict=True,
    )
    op.create_table(
        "treatments",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("facility_id", BIGINT, ForeignKey("facilities.id"), nullable=False, index=True),
        Column("operation", Text(), nullable=False),
        Column("day_from", CalendarDay(), nullable=False),
        Column("day_to", CalendarDay(), nullable=False, index=True),
        Column("recorded_at", UtcTime(), nullable=False),
        Column("input_kg", BIGINT, nullable=False),
        Column("product_kg", BIGINT, nullable=False),
        Column("recovered_kg", BIGINT, nullable=False),
        Column("residue_kg", BIGINT, nullable=False),
        Column("loss_kg", BIGINT, nullable=False),
        Column("told_at", UtcTime()),
        CheckConstraint("day_from <= day_to", name="day_from_before_day_to"),
        CheckConstraint("input_kg = product_kg + recovered_kg + residue_kg + loss_kg", name="balanced"),
        mass("input_kg", 1),
        mass("loss_kg"),
        mass("product_kg"),
        mass("recovered_kg"),
        mass("residue_kg"),
        sqlite_strict=True,
    )
    op.create_table(
        "treatment_inputs",
        Column("treatment_id", BIGINT, ForeignKey("treatments.id"), primary_key=True),
        Column("receipt_id", BIGINT, ForeignKey("receipts.id"), primary_key=True, index=True),
        Column("mass_kg", BIGINT, nullable=False),
        mass("mass_kg", 1),
        sqlite_strict=True,
    )
    op.create_table(
        "treatment_results",
        Column("id", BIGINT, primary_key=True),
        Column("treatment_id", BIGINT, ForeignKey("treatments.id"), nullable=False),
        Column("number", BIGINT, nullable=False),
        Column("kind", Text(), nullable=False),
        Column("name", Text(), nullable=False),
        Column("waste_code", Text(), nullable=False),
        Column("mass_kg", BIGINT, nullable=False),
        CheckConstraint("(kind = 'residue') = (waste_code <> '')", name="residues_have_codes"),
        UniqueConstraint("treatment_id", "number", name="uq_treatment_results_treatment_number"),
        between("number", 1, 1000),
        mass("mass_kg", 1),
        one_of("kind", "product", "recovered", "residue", "loss"),
        sqlite_strict=True,
    )
    op.create_table(
        "ledger_months",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("site_id", BIGINT, ForeignKey("sites.id"), nullable=False),
        Column("waste_code", Text(), nullable=False),
        Column("year", BIGINT, nullable=False),
        Column("month", BIGINT, nullable=False),
        Column("revision", BIGINT, nullable=False),
        Column("generated_kg", BIGINT, nullable=False),
        Column("discarded_kg", BIGINT, nullable=False),
        Column("stored_kg", BIGINT, nullable=False),
        Column("source", Text(), nullable=False),
        Column("status", Text(), nullable=False),
        Column("written_at", UtcTime(), nullable=False),
        Column("closed_at", UtcTime()),
        UniqueConstraint(
            "site_id", "waste_code", "year", "month", "revision", name="uq_ledger_months_revision"
        ),
        between("month", 1, 12),
        between("revision", 1, 1000),
        between("year", 2000, 2200),
        mass("discarded_kg"),
        mass("generated_kg"),
        mass("stored_kg"),
        one_of("source", "typed", "uploaded", "carried"),
        one_of("status", "open", "dropped", "closed", "reversed"),
        sqlite_strict=True,
    )
    standing = text("status IN ('open', 'closed')")
    op.create_index(
        "uq_ledger_months_one_stands",
        "ledger_months",
        ["site_id", "waste_code", "year", "month"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
    op.create_table(
        "month_uses",
        Column("ledger_month_id", BIGINT, ForeignKey("ledger_months.id"), primary_key=True),
        Column("number", BIGINT, primary_key=True, autoincrement=False),
        Column("kind", Text(), nullable=False),
        Column("operation", Text(), nullable=False),
        Column("party", Text(), nullable=False),
        Column("mass_kg", BIGINT, nullable=False),
        between("number", 1, 1000),
        mass("mass_kg", 1),
        one_of("kind", "own_utilised", "own_disposed", "entrusted_utilised", "entrusted_disposed"),
        sqlite_strict=True,
    )
    op.create_table(
        "stock_surveys",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("site_id", BIGINT, ForeignKey("sites.id"), nullable=False),
        Column("waste_code", Text(), nullable=False),
        Column("vintage", BIGINT, nullable=False),
        Column("surveyed_on", CalendarDay(), nullable=False),
        Column("mass_kg", BIGINT, nullable=False),
        Column("method", Text(), nullable=False),
        Column("document", Text(), nullable=False),
        Column("recorded_at", UtcTime(), nullable=False),
        UniqueConstraint("site_id", "waste_code", "vintage", "surveyed_on", name="uq_stock_surveys_survey"),
        between("vintage", 1900, 2200),
        mass("mass_kg"),
        sqlite_strict=True,
    )
