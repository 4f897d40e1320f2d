"""The database: the base of all models, engines made safe, sessions for writing and for reading, migrations.

Order of things: `create_engine_for(url)`, once `upgrade(engine)`, then `writing(engine)` or
`reading(engine)`.
A verb never commits: whoever opened the session does, so a row and its audit event stand or fall together.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, StaticPool, Text, create_engine, event, make_url
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

from circularity.columns import BIGINT, CalendarDay, Codes, Facts, Truth, UtcTime
from circularity.sealed_texts import give_keys
from circularity.sqlite_turns import take_turns
from circularity.turns import give_back_at_end

STRICT = {"sqlite_strict": True}
"""Table options of every model: SQLite checks types and refuses NaN instead of storing NULL."""

_BUSY_TIMEOUT_MS = 30_000
_KEPT_CONNECTIONS = 8
"""One for each thread of a server: what is opened beyond is closed again, and opening takes long."""
_READING = "circularity_reading"


class Base(DeclarativeBase):
    """Base of all models. Integer keys stay inside; what leaves the system is `public_id`."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BIGINT,
        str: Text(),
        bool: Truth(),
        date: CalendarDay(),
        datetime: UtcTime(),
        tuple[str, ...]: Codes(),
        dict[str, Any]: Facts(),
    }
    __table_args__: Any = STRICT


class UnsafeDatabase(RuntimeError):
    """The database does not keep a promise everything else relies on; starting would risk wrong kilograms."""


def create_engine_for(url: str) -> Engine:
    """Return an engine for `sqlite:///file`, `sqlite://` (in memory, one connection) or `postgresql://…`.

    SQLite gets WAL, synchronous=FULL, foreign keys and transactions that begin IMMEDIATE, so that what a
    writer has read cannot change before it writes; those of one process take turns. Raises UnsafeDatabase
    when a setting does not take.
    """
    parsed = make_url(url)
    options: dict[str, Any]
    if parsed.get_backend_name() != "sqlite":
        options = {"pool_pre_ping": True, "pool_size": _KEPT_CONNECTIONS}
        engine = create_engine(parsed, isolation_level="READ COMMITTED", **options)
        give_back_at_end(engine)
        give_keys(engine, parsed)
        return engine
    in_memory = parsed.database in (None, "", ":memory:")
    options = {"poolclass": StaticPool} if in_memory else {}
    engine = create_engine(parsed, connect_args={"check_same_thread": False}, **options)
    event.listen(engine, "connect", _make_sqlite_safe)
    if not in_memory:
        take_turns(engine, str(parsed.database), _writes)
    event.listen(engine, "begin", _begin)
    give_keys(engine, parsed)
    return engine


def writing(engine: Engine) -> sessionmaker[Session]:
    """Return a maker of sessions that write; use `with writing(engine).begin() as session:`."""
    return sessionmaker(engine, expire_on_commit=False)


def reading(engine: Engine) -> sessionmaker[Session]:
    """Return a maker of sessions that see one state of the database throughout and block no writer."""
    options: dict[str, Any] = {_READING: True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return sessionmaker(engine.execution_options(**options), expire_on_commit=False)


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to the newest schema; does nothing when it is there already."""
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), revision)


def is_current(engine: Engine) -> bool:
    """Tell whether the database has the newest schema; waits for no writer."""
    with engine.execution_options(**{_READING: True}).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == newest_revision()


def newest_revision() -> str | None:
    """Return the id of the newest migration."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def alembic_config(connection: Connection | None = None) -> Config:
    """Return alembic's configuration, built here so that no ini file has to travel with the package."""
    config = Config()
    config.attributes["connection"] = connection
    config.set_main_option("script_location", "circularity:migrations")
    config.set_main_option("path_separator", "os")
    return config


def _make_sqlite_safe(connection: Any, _: Any) -> None:
    # The driver must not open transactions on its own, or `_begin` would come too late.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
    wanted = {"journal_mode": ("wal", "memory"), "synchronous": (2,), "foreign_keys": (1,)}
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    for name, allowed in wanted.items():
        found = cursor.execute(f"PRAGMA {name}").fetchone()[0]
        if found not in allowed:
            raise UnsafeDatabase(f"SQLite has {name} = {found}, wanted one of {allowed}")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _writes(connection) else "BEGIN")


def _writes(connection: Connection) -> bool:
    return not connection.get_execution_options().get(_READING, False)
