"""Matching runs: proposals, unmatched mass, prices.

Bounds are spelt here once more on purpose: a released migration must not change with the code.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, Text

from circularity.columns import BIGINT, CalendarDay, Codes, Facts, Truth, UtcTime

revision = "0003"
down_revision = "0002"
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
        "matching_runs",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("started_at", UtcTime(), nullable=False),
        Column("started_by", Text(), nullable=False),
        Column("as_of", CalendarDay(), nullable=False),
        Column("status", Text(), nullable=False),
        Column("engine", Text(), nullable=False),
        Column("case_digest", Text(), nullable=False),
        Column("certificate_digest", Text(), nullable=False),
        Column("outputs", BIGINT, nullable=False),
        Column("windows", BIGINT, nullable=False),
        Column("supply_kg", BIGINT, nullable=False),
        Column("placed_kg", BIGINT, nullable=False),
        Column("can_move_today_kg", BIGINT, nullable=False),
        Column("unmatched_kg", BIGINT, nullable=False),
        Column("levels", Facts(), nullable=False),
        Column("parameters", Facts(), nullable=False),
        Column("figures", Facts(), nullable=False),
        Column("fictional", Truth(), nullable=False),
        between("supply_kg", 0, 4611686018427387904),
        between("can_move_today_kg", 0, 4611686018427387904),
        between("placed_kg", 0, 4611686018427387904),
        between("unmatched_kg", 0, 4611686018427387904),
        sqlite_strict=True,
    )
    op.create_table(
        "proposals",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("run_id", BIGINT, ForeignKey("matching_runs.id"), nullable=False, index=True),
        Column("output_id", BIGINT, ForeignKey("outputs.id"), nullable=False, index=True),
        Column("window_id", BIGINT, ForeignKey("capacity_windows.id"), nullable=False, index=True),
        Column("grant_id", BIGINT, ForeignKey("procedure_grants.id")),
        Column("operation", Text(), nullable=False),
        Column("mass_kg", BIGINT, nullable=False),
        Column("distance_m", BIGINT),
        Column("transport_ucny_per_kg", BIGINT),
        Column("gate_fee_ucny_per_kg", BIGINT),
        Column("price_ucny_per_kg", BIGINT),
        Column("carbon_ucny_per_kg", BIGINT, nullable=False),
        Column("cost_ucny_per_kg", BIGINT, nullable=False),
        Column("conditions", Codes(), nullable=False),
        Column("earliest", CalendarDay(), nullable=False),
        Column("latest", CalendarDay()),
        Column("status", Text(), nullable=False),
        Column("superseded_by_run_id", BIGINT, ForeignKey("matching_runs.id")),
        between("distance_m", 0, 100000000),
        amount("transport_ucny_per_kg"),
        amount("gate_fee_ucny_per_kg"),
        amount("price_ucny_per_kg"),
        amount("carbon_ucny_per_kg"),
        amount("cost_ucny_per_kg"),
        mass("mass_kg", 1),
        one_of("status", "open", "countered", "agreed", "declined", "expired", "superseded"),
        sqlite_strict=True,
    )
    op.create_table(
        "unmatched",
        Column("run_id", BIGINT, ForeignKey("matching_runs.id"), primary_key=True),
        Column("output_id", BIGINT, ForeignKey("outputs.id"), primary_key=True, index=True),
        Column("mass_kg", BIGINT, nullable=False),
        Column("reason", Text(), nullable=False),
        Column("nearest_window_id", BIGINT, ForeignKey("capacity_windows.id")),
        Column("slack", BIGINT),
        Column("slack_unit", Text(), nullable=False),
        Column("change_zh", Text(), nullable=False),
        Column("change_en", Text(), nullable=False),
        Column("excluded", Facts(), nullable=False),
        mass("mass_kg", 1),
        sqlite_strict=True,
    )
    op.create_table(
        "capacity_prices",
        Column("run_id", BIGINT, ForeignKey("matching_runs.id"), primary_key=True),
        Column("kind", Text(), primary_key=True),
        Column("subject_id", Text(), primary_key=True),
        Column("years", Text(), primary_key=True),
        Column("used_kg", BIGINT, nullable=False),
        Column("limit_kg", BIGINT, nullable=False),
        Column("placed_per_kg", BIGINT, nullable=False),
        Column("saving_ucny_per_kg", BIGINT, nullable=False),
        amount("saving_ucny_per_kg"),
        between("placed_per_kg", 0, 1),
        mass("used_kg"),
        mass("limit_kg"),
        one_of("kind", "window", "line", "entitlement", "facility", "quota"),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("capacity_prices")
    op.drop_table("unmatched")
    op.drop_table("proposals")
    op.drop_table("matching_runs")
