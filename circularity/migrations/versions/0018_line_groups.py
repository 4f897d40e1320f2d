"""Lines of an entitlement may share a yearly limit, which is reserved, priced and changed like the others."""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, Text, UniqueConstraint, text

from circularity.columns import BIGINT, Facts, UtcTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

LIMITS = ("output", "window", "line", "group", "entitlement", "facility", "quota", "grant")
PRICED = ("window", "line", "group", "entitlement", "facility", "quota")
CHANGES = ("annual_limit", "line_limit", "validity", "new_line", "new_group", "group_limit")
STATES = ("requested", "confirmed", "refused", "withdrawn")
NEW = {"group", "new_group", "group_limit"}
WAITING = text("status = 'requested'")


def between(column: str, minimum: int, maximum: int) -> CheckConstraint:
    return CheckConstraint(f"{column} BETWEEN {minimum} AND {maximum}", name=f"{column}_range")


def mass(column: str) -> CheckConstraint:
    return between(column, 0, 10**12)


def words(column: str, known: tuple[str, ...]) -> str:
    return "{} IN ({})".format(column, ", ".join(f"'{word}'" for word in known))


def upgrade() -> None:
    op.create_table(
        "line_groups",
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("entitlement_id", BIGINT, ForeignKey("entitlements.id"), nullable=False, index=True),
        Column("annual_limit_kg", BIGINT),
        mass("annual_limit_kg"),
        sqlite_strict=True,
    )
    op.create_table(
        "line_group_members",
        Column("group_id", BIGINT, ForeignKey("line_groups.id"), primary_key=True),
        Column("line_id", BIGINT, ForeignKey("entitlement_lines.id"), primary_key=True, index=True),
        sqlite_strict=True,
    )
    _allow(LIMITS, PRICED, CHANGES, [_group()])


def downgrade() -> None:
    for table, known in (("ceilings", LIMITS), ("capacity_prices", PRICED), ("entitlement_changes", CHANGES)):
        gone = tuple(word for word in known if word in NEW)
        op.execute(f"DELETE FROM {table} WHERE {words('kind', gone)}")  # noqa: S608 - our own words
    _allow(_before(LIMITS), _before(PRICED), _before(CHANGES), [])
    op.drop_table("line_group_members")
    op.drop_table("line_groups")


def _before(known: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in known if word not in NEW)


def _group() -> Column[Any]:
    return Column("group_id", BIGINT, ForeignKey("line_groups.id"))


def _allow(
    limits: tuple[str, ...], priced: tuple[str, ...], changes: tuple[str, ...], more: list[Column[Any]]
) -> None:
    """Change the words of three CHECKs, which SQLite can only do by writing the tables anew."""
    known = {"ceilings": limits, "capacity_prices": priced, "entitlement_changes": changes}
    if op.get_bind().dialect.name == "postgresql":
        for table, kinds in known.items():
            op.drop_constraint(op.f(f"ck_{table}_kind_word"), table)
            op.create_check_constraint(op.f(f"ck_{table}_kind_word"), table, words("kind", kinds))
        if more:
            op.add_column("entitlement_changes", *more)
        else:
            op.drop_column("entitlement_changes", "group_id")
        return
    op.drop_index("uq_entitlement_changes_one_waits", "entitlement_changes")
    for table, kinds in known.items():
        extra = more if table == "entitlement_changes" else []
        _write_anew(table, kinds, extra)
    op.create_index(
        "uq_entitlement_changes_one_waits",
        "entitlement_changes",
        ["entitlement_id"],
        unique=True,
        sqlite_where=WAITING,
    )


def _write_anew(table: str, kinds: tuple[str, ...], more: list[Column[Any]]) -> None:
    """Write SQLite's table anew under its own name; what refers to its rows is checked at the end."""
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute(f"CREATE TABLE rows_before AS SELECT * FROM {table}")  # noqa: S608 - our own words
    op.drop_table(table)
    columns, checks = _COLUMNS[table]()
    kind = CheckConstraint(words("kind", kinds), name="kind_word")
    op.create_table(table, *columns, *more, *checks, kind, sqlite_strict=True)
    names = ", ".join(column.name for column in columns)
    op.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM rows_before")  # noqa: S608 - our own words
    op.execute("DROP TABLE rows_before")


Layout = tuple[list[Column[Any]], list[Any]]


def _ceilings() -> Layout:
    numbers = ("subject_id", "year", "limit_kg", "reserved_kg", "committed_kg")
    columns: list[Column[Any]] = [
        Column("id", BIGINT, primary_key=True),
        Column("kind", Text(), nullable=False),
        *(Column(name, BIGINT, nullable=False) for name in numbers),
    ]
    checks = [
        CheckConstraint("reserved_kg + committed_kg <= limit_kg", name="never_oversold"),
        UniqueConstraint("kind", "subject_id", "year", name="uq_ceilings_limit"),
        between("year", 0, 2200),
        *(mass(name) for name in numbers[2:]),
    ]
    return columns, checks


def _capacity_prices() -> Layout:
    run = ForeignKey("matching_runs.id")
    numbers = ("used_kg", "limit_kg", "placed_per_kg", "saving_ucny_per_kg")
    columns: list[Column[Any]] = [
        Column("run_id", BIGINT, run, primary_key=True),
        *(Column(name, Text(), primary_key=True) for name in ("kind", "subject_id", "years")),
        *(Column(name, BIGINT, nullable=False) for name in numbers),
        Column("until_run_id", BIGINT, ForeignKey("matching_runs.id"), index=True),
    ]
    saving = between("saving_ucny_per_kg", -(10**15), 10**15)
    return columns, [mass("used_kg"), mass("limit_kg"), saving, between("placed_per_kg", 0, 1)]


def _entitlement_changes() -> Layout:
    texts = ("document", "reason", "answer", "status")
    columns: list[Column[Any]] = [
        Column("id", BIGINT, primary_key=True),
        Column("public_id", Text(), nullable=False, unique=True),
        Column("entitlement_id", BIGINT, ForeignKey("entitlements.id"), nullable=False, index=True),
        Column("line_id", BIGINT, ForeignKey("entitlement_lines.id")),
        Column("organisation_id", BIGINT, ForeignKey("organisations.id"), nullable=False),
        Column("kind", Text(), nullable=False),
        Column("wanted", Facts(), nullable=False),
        Column("before", Facts(), nullable=False),
        *(Column(name, Text(), nullable=False) for name in texts),
        Column("asked_at", UtcTime(), nullable=False),
        Column("answered_at", UtcTime()),
    ]
    return columns, [CheckConstraint(words("status", STATES), name="status_word")]


_COLUMNS = {
    "ceilings": _ceilings,
    "capacity_prices": _capacity_prices,
    "entitlement_changes": _entitlement_changes,
}
