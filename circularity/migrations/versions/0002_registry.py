"""The registry and the whitelist.

Bounds are spelt here once more on purpose: a released migration must not change with the code.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, Text, UniqueConstraint

from circularity.columns import BIGINT, CalendarDay, Codes, Truth, UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def between(column: str, minimum: int, maximum: int) -> CheckConstraint:
    return CheckConstraint(f"{column} BETWEEN {minimum} AND {maximum}", name=f"{column}_range")


def mass(column: str, minimum: int = 0) -> CheckConstraint:
    return between(column, minimum, 10**12)


def amount(column: str) -> CheckConstraint:
    return between(column, -(10**15), 10**15)


def one_of(column: str, *words: str) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_word")


def upgrade() -> None:
    op.create_table(
        "organisations",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("name_zh", Text(), nullable=False),
        Column("name_en", Text(), nullable=False),
        Column("credit_code", Text(), nullable=False, unique=True),
        Column("credit_code_doubtful", Truth(), nullable=False),
        Column("roles", Codes(), nullable=False),
        Column("region_code", Text(), nullable=False),
        Column("fictional", Truth(), nullable=False),
        Column("registered_at", UtcTime(), nullable=False),
        CheckConstraint("length(credit_code) = 18", name="credit_code_length"),
        sqlite_strict=True,
    )
    op.create_table(
        "sites",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("organisation_id", BIGINT, ForeignKey("organisations.id"), nullable=False, index=True),
        Column("name_zh", Text(), nullable=False),
        Column("name_en", Text(), nullable=False),
        Column("lat_e7", BIGINT, nullable=False),
        Column("lon_e7", BIGINT, nullable=False),
        Column("datum", Text(), nullable=False),
        Column("region_code", Text(), nullable=False),
        Column("outside_delta", Truth(), nullable=False),
        Column("registered_at", UtcTime(), nullable=False),
        between("lat_e7", -900000000, 900000000),
        one_of("datum", "wgs84", "gcj02", "bd09"),
        between("lon_e7", -1800000000, 1800000000),
        sqlite_strict=True,
    )
    op.create_table(
        "outputs",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("site_id", BIGINT, ForeignKey("sites.id"), nullable=False, index=True),
        Column("waste_code", Text(), nullable=False, index=True),
        Column("mass_kg", BIGINT, nullable=False),
        Column("available_from", CalendarDay()),
        Column("available_to", CalendarDay()),
        Column("allowed_operations", Codes(), nullable=False),
        Column("max_distance_m", BIGINT),
        Column("max_net_cost_ucny_per_kg", BIGINT),
        Column("min_lot_kg", BIGINT),
        Column("price_ucny_per_kg", BIGINT),
        Column("storage_since", CalendarDay()),
        Column("status", Text(), nullable=False),
        Column("plan_mass_kg", BIGINT),
        Column("visibility", Text(), nullable=False),
        Column("posted_at", UtcTime(), nullable=False),
        Column("withdrawn_at", UtcTime()),
        Column("version", BIGINT, nullable=False),
        amount("price_ucny_per_kg"),
        one_of("status", "waste", "by_product", "product"),
        mass("plan_mass_kg"),
        between("max_distance_m", 0, 100000000),
        amount("max_net_cost_ucny_per_kg"),
        mass("min_lot_kg"),
        CheckConstraint("available_from <= available_to", name="available_from_before_available_to"),
        one_of("visibility", "parties", "public"),
        mass("mass_kg", 1),
        sqlite_strict=True,
    )
    op.create_table(
        "output_assays",
        Column("output_id", BIGINT, ForeignKey("outputs.id"), primary_key=True),
        Column("analyte", Text(), primary_key=True),
        Column("value_micro", BIGINT, nullable=False),
        amount("value_micro"),
        sqlite_strict=True,
    )
    op.create_table(
        "generation_declarations",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("site_id", BIGINT, ForeignKey("sites.id"), nullable=False, index=True),
        Column("waste_code", Text(), nullable=False),
        Column("year", BIGINT, nullable=False),
        Column("generated_kg", BIGINT, nullable=False),
        Column("own_utilised_kg", BIGINT, nullable=False),
        Column("own_disposed_kg", BIGINT, nullable=False),
        Column("entrusted_elsewhere_utilised_kg", BIGINT, nullable=False),
        Column("declared_at", UtcTime(), nullable=False),
        mass("entrusted_elsewhere_utilised_kg"),
        mass("generated_kg"),
        mass("own_utilised_kg"),
        CheckConstraint(
            "own_utilised_kg + own_disposed_kg + entrusted_elsewhere_utilised_kg <= generated_kg",
            name="no_more_than_generated",
        ),
        between("year", 2000, 2100),
        UniqueConstraint("site_id", "waste_code", "year", name="uq_generation_declarations_site_waste_year"),
        mass("own_disposed_kg"),
        sqlite_strict=True,
    )
    op.create_table(
        "facilities",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("site_id", BIGINT, ForeignKey("sites.id"), nullable=False, index=True),
        Column("kind", Text(), nullable=False),
        Column("standing", Text(), nullable=False),
        Column("annual_limit_kg", BIGINT),
        Column("registered_at", UtcTime(), nullable=False),
        Column("version", BIGINT, nullable=False),
        mass("annual_limit_kg"),
        one_of("standing", "", "suspended", "blacklisted", "accident"),
        one_of("kind", "utiliser", "disposer", "collector"),
        sqlite_strict=True,
    )
    op.create_table(
        "entitlements",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("facility_id", BIGINT, ForeignKey("facilities.id"), nullable=False, index=True),
        Column("kind", Text(), nullable=False),
        Column("number", Text(), nullable=False),
        Column("issuer", Text(), nullable=False),
        Column("valid_from", CalendarDay()),
        Column("valid_to", CalendarDay()),
        Column("annual_limit_kg", BIGINT),
        Column("source", Text(), nullable=False),
        Column("granted_at", UtcTime(), nullable=False),
        UniqueConstraint("number", "issuer", name="uq_entitlements_number_issuer"),
        CheckConstraint("valid_from <= valid_to", name="valid_from_before_valid_to"),
        mass("annual_limit_kg"),
        one_of(
            "kind",
            "hazardous_licence",
            "collection_licence",
            "point_to_point_scheme",
            "stage_exemption",
            "eia_approval",
            "discharge_permit",
            "capability_statement",
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "entitlement_lines",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("entitlement_id", BIGINT, ForeignKey("entitlements.id"), nullable=False, index=True),
        Column("waste_pattern", Text(), nullable=False),
        Column("operation", Text(), nullable=False),
        Column("annual_limit_kg", BIGINT),
        Column("gate_fee_ucny_per_kg", BIGINT),
        Column("senders", Codes(), nullable=False),
        amount("gate_fee_ucny_per_kg"),
        mass("annual_limit_kg"),
        sqlite_strict=True,
    )
    op.create_table(
        "line_limits",
        Column("line_id", BIGINT, ForeignKey("entitlement_lines.id"), primary_key=True),
        Column("analyte", Text(), primary_key=True),
        Column("minimum_micro", BIGINT),
        Column("maximum_micro", BIGINT),
        amount("minimum_micro"),
        CheckConstraint("minimum_micro <= maximum_micro", name="minimum_below_maximum"),
        amount("maximum_micro"),
        sqlite_strict=True,
    )
    op.create_table(
        "capacity_windows",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("line_id", BIGINT, ForeignKey("entitlement_lines.id"), nullable=False, index=True),
        Column("available_from", CalendarDay()),
        Column("available_to", CalendarDay()),
        Column("permitted_kg", BIGINT, nullable=False),
        Column("received_kg", BIGINT, nullable=False),
        Column("committed_kg", BIGINT, nullable=False),
        Column("stop_days", BIGINT, nullable=False),
        Column("offered_kg", BIGINT, nullable=False),
        Column("gate_fee_ucny_per_kg", BIGINT),
        Column("max_distance_m", BIGINT),
        Column("visibility", Text(), nullable=False),
        Column("posted_at", UtcTime(), nullable=False),
        Column("withdrawn_at", UtcTime()),
        Column("version", BIGINT, nullable=False),
        mass("permitted_kg"),
        between("stop_days", 0, 3660),
        amount("gate_fee_ucny_per_kg"),
        between("max_distance_m", 0, 100000000),
        CheckConstraint("available_from <= available_to", name="available_from_before_available_to"),
        mass("offered_kg"),
        mass("received_kg"),
        one_of("visibility", "parties", "public"),
        CheckConstraint("received_kg + committed_kg + offered_kg <= permitted_kg", name="within_permitted"),
        mass("committed_kg"),
        sqlite_strict=True,
    )
    op.create_table(
        "whitelist_entries",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("facility_id", BIGINT, ForeignKey("facilities.id"), nullable=False, index=True),
        Column("list_kind", Text(), nullable=False),
        Column("issuer_region", Text(), nullable=False),
        Column("document", Text(), nullable=False),
        Column("waste_pattern", Text(), nullable=False),
        Column("operation", Text(), nullable=False),
        Column("accepted_origins", Codes(), nullable=False),
        Column("quota_kg", BIGINT),
        Column("ship_within_days", BIGINT),
        Column("valid_from", CalendarDay()),
        Column("valid_to", CalendarDay()),
        Column("status", Text(), nullable=False),
        Column("listed_at", UtcTime(), nullable=False),
        Column("version", BIGINT, nullable=False),
        one_of(
            "status",
            "draft",
            "submitted",
            "under_review",
            "listed",
            "suspended",
            "delisted",
            "rejected",
            "expired",
        ),
        between("ship_within_days", 1, 3660),
        mass("quota_kg"),
        one_of("list_kind", "nominated", "agreed", "information"),
        CheckConstraint("valid_from <= valid_to", name="valid_from_before_valid_to"),
        sqlite_strict=True,
    )
    op.create_table(
        "procedure_grants",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("facility_id", BIGINT, ForeignKey("facilities.id"), nullable=False, index=True),
        Column("organisation_id", BIGINT, ForeignKey("organisations.id"), index=True),
        Column("kind", Text(), nullable=False),
        Column("origin_region", Text(), nullable=False),
        Column("waste_pattern", Text(), nullable=False),
        Column("valid_from", CalendarDay(), nullable=False),
        Column("valid_to", CalendarDay(), nullable=False),
        Column("limit_kg", BIGINT),
        Column("recorded_at", UtcTime(), nullable=False),
        CheckConstraint("valid_from <= valid_to", name="valid_from_before_valid_to"),
        mass("limit_kg"),
        one_of("kind", "general_record", "general_approval", "hazardous_approval"),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("procedure_grants")
    op.drop_table("whitelist_entries")
    op.drop_table("capacity_windows")
    op.drop_table("line_limits")
    op.drop_table("entitlement_lines")
    op.drop_table("entitlements")
    op.drop_table("facilities")
    op.drop_table("generation_declarations")
    op.drop_table("output_assays")
    op.drop_table("outputs")
    op.drop_table("sites")
    op.drop_table("organisations")
