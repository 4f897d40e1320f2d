"""The database keeps its promises: types, bounds, one schema, one writer at a time."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError

from circularity.columns import CalendarDay, Codes, UtcTime
from circularity.database import create_engine_for, is_current, reading, upgrade, writing
from circularity.schema import differences, metadata


@pytest.fixture
def engine() -> Engine:
    engine = create_engine_for("sqlite://")
    upgrade(engine)
    return engine


def _tables(engine: Engine) -> dict[str, set[str]]:
    """The DDL of every table as a set of lines, so that the order of constraints does not matter."""
    query = text("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name != 'alembic_version'")
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    return {name: {re.sub(r"\s+", " ", line).strip(" ,") for line in sql.splitlines()} for name, sql in rows}


def test_migrations_match_the_models(engine: Engine) -> None:
    with engine.connect() as connection:
        assert differences(connection) == []


def test_migrations_write_the_same_bounds_as_the_models(engine: Engine) -> None:
    from_models = create_engine_for("sqlite://")
    metadata.create_all(from_models)
    migrated = _tables(engine)
    assert migrated == _tables(from_models)
    assert any("BETWEEN 1 AND" in line for line in migrated["outputs"])


def test_upgrading_twice_changes_nothing(engine: Engine) -> None:
    before = _tables(engine)
    upgrade(engine)
    assert _tables(engine) == before
    assert is_current(engine)


def test_an_empty_database_is_not_current() -> None:
    assert not is_current(create_engine_for("sqlite://"))


def test_every_table_is_strict(engine: Engine) -> None:
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


def test_a_reader_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    engine = create_engine_for(f"sqlite:///{tmp_path}/circularity.db")
    upgrade(engine)
    with writing(engine).begin() as writer, reading(engine)() as reader:
        writer.execute(text("SELECT 1"))
        assert reader.scalar(text("SELECT count(*) FROM organisations")) == 0
    engine.dispose()


@pytest.mark.parametrize("mass", ["NULL", "0", "-1", "1000000000001", "'many'", "1.5", "9e999"])
def test_no_mass_outside_its_bounds_can_be_stored(engine: Engine, mass: str) -> None:
    columns = "public_id, site_id, waste_code, allowed_operations, status, visibility, posted_at, version"
    values = "'p', 1, '900-001-S02', '', 'waste', 'parties', '2026-01-01T00:00:00.000000+00:00', 1"
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        with pytest.raises(IntegrityError):
            connection.exec_driver_sql(f"INSERT INTO outputs ({columns}, mass_kg) VALUES ({values}, {mass})")  # noqa: S608
        connection.rollback()


def test_a_moment_comes_back_in_utc_whatever_its_zone(engine: Engine) -> None:
    shanghai = timezone(timedelta(hours=8))
    column, dialect = UtcTime(), engine.dialect
    stored = column.process_bind_param(datetime(2026, 9, 1, 8, 0, tzinfo=shanghai), dialect)
    assert stored == "2026-09-01T00:00:00.000000+00:00"
    assert column.process_result_value(stored, dialect) == datetime(2026, 9, 1, tzinfo=UTC)


def test_a_moment_without_a_zone_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="time zone"):
        UtcTime().process_bind_param(datetime(2026, 9, 1), engine.dialect)


def test_a_moment_is_no_calendar_day(engine: Engine) -> None:
    with pytest.raises(TypeError):
        CalendarDay().process_bind_param(datetime(2026, 9, 1, tzinfo=UTC), engine.dialect)
    assert CalendarDay().process_bind_param(date(2026, 9, 1), engine.dialect) == "2026-09-01"


def test_equal_sets_of_codes_are_equal_bytes(engine: Engine) -> None:
    assert Codes().process_bind_param(("R4", "C2", "R4"), engine.dialect) == "C2;R4"
    assert Codes().process_result_value("", engine.dialect) == ()


def test_a_whole_number_too_large_for_the_database_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        with pytest.raises((OverflowError, StatementError)):
            connection.execute(text("SELECT :n"), {"n": 2**64})
        connection.rollback()
