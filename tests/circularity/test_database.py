"""The database keeps its promises: types, bounds, one schema, one writer at a time."""

from __future__ import annotations

import importlib
import pkgutil
import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from databases import Databases
from registry import Registry
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

import circularity
from circularity.columns import CalendarDay, Codes, UtcTime
from circularity.database import Base, create_engine_for, is_current, reading, upgrade, writing
from circularity.schema import MODULES, differences, metadata

DDL = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name != 'alembic_version'",
    "postgresql": """
        SELECT relname, string_agg(conname || ' ' || pg_get_constraintdef(c.oid), E'\n')
        FROM pg_constraint c JOIN pg_class t ON t.oid = conrelid
        WHERE connamespace = 'public'::regnamespace AND relname != 'alembic_version' GROUP BY relname
    """,
}


def _tables(engine: Engine) -> dict[str, set[str]]:
    """The DDL of every table as a set of lines, so that the order of constraints does not matter."""
    with engine.connect() as connection:
        rows = connection.execute(text(DDL[engine.dialect.name])).all()
    return {name: {re.sub(r"\s+", " ", line).strip(" ,") for line in sql.splitlines()} for name, sql in rows}


def test_the_schema_names_every_module_that_declares_a_table() -> None:
    for module in pkgutil.walk_packages(circularity.__path__, "circularity."):
        if not module.name.startswith("circularity.migrations"):
            importlib.import_module(module.name)
    assert {mapper.class_.__module__ for mapper in Base.registry.mappers} == {
        module.__name__ for module in MODULES
    }


def test_migrations_match_the_models(engine: Engine) -> None:
    with engine.connect() as connection:
        assert differences(connection) == []


def test_migrations_write_the_same_bounds_as_the_models(engine: Engine, databases: Databases) -> None:
    with databases.new(migrated=False) as url:
        from_models = create_engine_for(url)
        metadata.create_all(from_models)
        modelled = _tables(from_models)
        from_models.dispose()
    migrated = _tables(engine)
    assert migrated == modelled
    assert any("mass_kg" in line and "CHECK" in line for line in migrated["outputs"])


def test_upgrading_twice_changes_nothing(engine: Engine) -> None:
    before = _tables(engine)
    upgrade(engine)
    assert _tables(engine) == before
    assert is_current(engine)


def test_an_empty_database_is_not_current(databases: Databases) -> None:
    with databases.new(migrated=False) as url:
        engine = create_engine_for(url)
        assert not is_current(engine)
        engine.dispose()


def test_every_table_is_strict() -> None:
    engine = create_engine_for("sqlite://")
    upgrade(engine)
    for name, lines in _tables(engine).items():
        assert any(line.endswith("STRICT") for line in lines), name


def test_a_file_database_is_durable_and_checks_references(tmp_path: Path) -> None:
    engine = create_engine_for(f"sqlite:///{tmp_path}/circularity.db")
    with engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    engine.dispose()
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_two_writers_never_work_on_the_same_state(tmp_path: Path) -> None:
    engine = create_engine_for(f"sqlite:///{tmp_path}/circularity.db")
    upgrade(engine)
    other = create_engine_for(f"sqlite:///{tmp_path}/circularity.db")
    with writing(engine).begin() as session, other.connect() as connection:
        session.execute(text("SELECT 1"))
        raw: Any = connection.connection.dbapi_connection
        raw.execute("PRAGMA busy_timeout = 0")
        with pytest.raises(OperationalError, match="locked"):
            connection.execute(text("SELECT 1"))
    engine.dispose()
    other.dispose()


def test_a_reader_does_not_wait_for_a_writer(engine: Engine) -> None:
    with writing(engine).begin() as writer, reading(engine)() as reader:
        Registry(writer).organisation()
        writer.flush()
        assert reader.scalar(text("SELECT count(*) FROM organisations")) == 0


def test_a_reader_sees_one_state_throughout(engine: Engine) -> None:
    count = text("SELECT count(*) FROM organisations")
    with reading(engine)() as reader:
        assert reader.scalar(count) == 0
        with writing(engine).begin() as writer:
            Registry(writer).organisation()
        assert reader.scalar(count) == 0
    with reading(engine)() as later:
        assert later.scalar(count) == 1


@pytest.mark.parametrize("mass", ["NULL", "0", "-1", "1000000000001", "'many'", "9e999"])
def test_no_mass_outside_its_bounds_can_be_stored(registry: Registry, mass: str) -> None:
    output = registry.output()
    registry.session.flush()
    change = text(f"UPDATE outputs SET mass_kg = {mass} WHERE id = {output.id}")  # noqa: S608 - the names are our own
    with pytest.raises(DBAPIError):
        registry.session.execute(change)
    registry.session.rollback()


def test_a_moment_comes_back_in_utc_whatever_its_zone() -> None:
    shanghai = timezone(timedelta(hours=8))
    column, dialect = UtcTime(), create_engine_for("sqlite://").dialect
    stored = column.process_bind_param(datetime(2026, 9, 1, 8, 0, tzinfo=shanghai), dialect)
    assert stored == "2026-09-01T00:00:00.000000+00:00"
    assert column.process_result_value(stored, dialect) == datetime(2026, 9, 1, tzinfo=UTC)


def test_a_moment_without_a_zone_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="time zone"):
        UtcTime().process_bind_param(datetime(2026, 9, 1), engine.dialect)


def test_a_moment_is_no_calendar_day(engine: Engine) -> None:
    with pytest.raises(TypeError):
        CalendarDay().process_bind_param(datetime(2026, 9, 1, tzinfo=UTC), engine.dialect)
    stored = CalendarDay().process_bind_param(date(2026, 9, 1), engine.dialect)
    read = CalendarDay().result_processor(engine.dialect, None)
    assert (read(stored) if read else stored) == date(2026, 9, 1)


def test_equal_sets_of_codes_are_equal_bytes(engine: Engine) -> None:
    assert Codes().process_bind_param(("R4", "C2", "R4"), engine.dialect) == "C2;R4"
    assert Codes().result_processor(engine.dialect, None)("") == ()


def test_a_whole_number_too_large_for_the_database_is_refused(registry: Registry) -> None:
    registry.output()
    registry.session.flush()
    with pytest.raises((OverflowError, DBAPIError)):
        registry.session.execute(text("UPDATE outputs SET version = :n"), {"n": 2**64})
    registry.session.rollback()
