"""What a run says holds until a later run says otherwise; what has changed is listed, with its cause."""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, Text, text

from circularity.columns import BIGINT, CalendarDay, Codes, Facts

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None

PRICED = "'window', 'line', 'entitlement', 'facility', 'quota'"
STATUSES = "'open', 'countered', 'agreed', 'declined', 'expired', 'superseded'"
LEVELS = ("placed_kg", "urgent_kg", "utilised_kg", "hierarchy", "cost_ucny")
CAUSES = (
    "'output_posted', 'output_withdrawn', 'output_changed', 'capacity_opened', 'capacity_closed', "
    "'capacity_changed', 'terms_changed', 'displaced', 'improved', 'balanced'"
)
TOLD = "'', 'placed_kg', 'urgent_kg', 'utilised_kg', 'hierarchy', 'cost'"
LARGEST = 4611686018427387904
TABLES = ("proposals", "unmatched", "capacity_prices", "entry_costs")


def between(column: str, minimum: int, maximum: int) -> CheckConstraint:
    return CheckConstraint(f"{column} BETWEEN {minimum} AND {maximum}", name=f"{column}_range")


def mass(column: str, minimum: int = 0) -> CheckConstraint:
    return between(column, minimum, 10**12)


def amount(column: str) -> CheckConstraint:
    return between(column, -(10**15), 10**15)


def one_of(column: str, words: str) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({words})", name=f"{column}_word")


def upgrade() -> None:
    for table in TABLES:
        if op.get_bind().dialect.name == "postgresql":
            op.add_column(table, _until())
        else:
            _write_anew(table, [_until()])
        op.execute(
            f"UPDATE {table} SET until_run_id = "  # noqa: S608 - our own words
            f"(SELECT min(id) FROM matching_runs WHERE matching_runs.id > {table}.run_id)"
        )
    op.create_table(
        "matched_windows",
        Column("run_id", BIGINT, ForeignKey("matching_runs.id"), primary_key=True),
        Column("window_id", BIGINT, ForeignKey("capacity_windows.id"), primary_key=True),
        Column("digest", Text(), nullable=False),
        _until(),
        sqlite_strict=True,
    )
    op.create_table(
        "run_changes",
        Column("run_id", BIGINT, ForeignKey("matching_runs.id"), primary_key=True),
        Column("output_id", BIGINT, ForeignKey("outputs.id"), primary_key=True, index=True),
        Column("window_id", BIGINT, ForeignKey("capacity_windows.id"), primary_key=True, index=True),
        Column("before_kg", BIGINT, nullable=False),
        Column("after_kg", BIGINT, nullable=False),
        Column("cause", Text(), nullable=False),
        Column("level", Text(), nullable=False),
        Column("amount", BIGINT, nullable=False),
        between("before_kg", 0, LARGEST),
        between("after_kg", 0, LARGEST),
        between("amount", -LARGEST, LARGEST),
        one_of("cause", CAUSES),
        one_of("level", TOLD),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("run_changes")
    op.drop_table("matched_windows")
    for table in TABLES:
        if op.get_bind().dialect.name == "postgresql":
            op.drop_column(table, "until_run_id")
        else:
            _write_anew(table, [])


def _until() -> Column[Any]:
    return Column("until_run_id", BIGINT, ForeignKey("matching_runs.id"), index=True)


def _write_anew(table: str, more: list[Column[Any]]) -> None:
    """Write SQLite's table anew under its own name, so that it reads as the model writes it.

    What refers to its rows is checked at the end of the transaction, when they are there again.
    """
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute(f"CREATE TABLE rows_before AS SELECT * FROM {table}")  # noqa: S608 - our own words
    op.drop_table(table)
    columns, checks = _COLUMNS[table]()
    op.create_table(table, *columns, *more, *checks, sqlite_strict=True)
    names = ", ".join(column.name for column in columns)
    op.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM rows_before")  # noqa: S608 - our own words
    op.execute(text("DROP TABLE rows_before"))


Layout = tuple[list[Column[Any]], list[CheckConstraint]]


def _run(*, key: bool = True) -> Column[Any]:
    run = ForeignKey("matching_runs.id")
    if key:
        return Column("run_id", BIGINT, run, primary_key=True)
    return Column("run_id", BIGINT, run, nullable=False, index=True)


def _proposals() -> Layout:
    money = ("transport", "gate_fee", "price", "carbon", "cost")
    columns: list[Column[Any]] = [
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        _run(key=False),
        Column("output_id", BIGINT, ForeignKey("outputs.id"), nullable=False, index=True),
        Column("window_id", BIGINT, ForeignKey("capacity_windows.id"), nullable=False, index=True),
        Column("grant_id", BIGINT, ForeignKey("procedure_grants.id")),
        Column("operation", Text(), nullable=False),
        Column("mass_kg", BIGINT, nullable=False),
        Column("distance_m", BIGINT),
        *(Column(f"{part}_ucny_per_kg", BIGINT, nullable=part not in money[3:]) for part in money),
        Column("conditions", Codes(), nullable=False),
        Column("earliest", CalendarDay(), nullable=False),
        Column("latest", CalendarDay()),
        Column("status", Text(), nullable=False),
        Column("superseded_by_run_id", BIGINT, ForeignKey("matching_runs.id")),
    ]
    checks = [between("distance_m", 0, 100000000), *(amount(f"{part}_ucny_per_kg") for part in money)]
    return columns, [*checks, mass("mass_kg", 1), one_of("status", STATUSES)]


def _unmatched() -> Layout:
    columns: list[Column[Any]] = [
        _run(),
        Column("output_id", BIGINT, ForeignKey("outputs.id"), primary_key=True, index=True),
        Column("mass_kg", BIGINT, nullable=False),
        Column("reason", Text(), nullable=False),
        Column("nearest_window_id", BIGINT, ForeignKey("capacity_windows.id")),
        Column("slack", BIGINT),
        Column("slack_unit", Text(), nullable=False),
        Column("change_zh", Text(), nullable=False),
        Column("change_en", Text(), nullable=False),
        Column("excluded", Facts(), nullable=False),
    ]
    return columns, [mass("mass_kg", 1)]


def _capacity_prices() -> Layout:
    columns: list[Column[Any]] = [
        _run(),
        *(Column(name, Text(), primary_key=True) for name in ("kind", "subject_id", "years")),
        Column("used_kg", BIGINT, nullable=False),
        Column("limit_kg", BIGINT, nullable=False),
        Column("placed_per_kg", BIGINT, nullable=False),
        Column("saving_ucny_per_kg", BIGINT, nullable=False),
    ]
    bounds = [mass("used_kg"), mass("limit_kg"), amount("saving_ucny_per_kg"), between("placed_per_kg", 0, 1)]
    return columns, [*bounds, one_of("kind", PRICED)]


def _entry_costs() -> Layout:
    columns: list[Column[Any]] = [
        _run(),
        *(Column(name, Text(), primary_key=True) for name in ("kind", "subject_id")),
        *(Column(level, BIGINT, nullable=False) for level in LEVELS),
    ]
    bounds = [between(level, -LARGEST, LARGEST) for level in LEVELS]
    return columns, [one_of("kind", "'window', 'quota'"), *bounds]


_COLUMNS = {
    "proposals": _proposals,
    "unmatched": _unmatched,
    "capacity_prices": _capacity_prices,
    "entry_costs": _entry_costs,
}
