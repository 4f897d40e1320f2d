"""What tests of every room may ask for: a database of their own, on SQLite and on PostgreSQL.

A test that asks for `databases`, or for anything built on it, runs once on each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from audited_writes import every_write_is_audited
from browser import Browser
from databases import Databases, compile_once, postgresql, sqlite
from flask import Flask
from registry import Registry
from sqlalchemy import Engine

from circularity import database
from circularity.accounts import passwords
from circularity.database import create_engine_for, writing
from circularity.sealed_texts import SETTING, new_key

Flask.test_client_class = Browser
os.environ[SETTING] = new_key()  # PostgreSQL has no file beside it in which a key could lie


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """Both kinds of database, one after the other."""
    with sqlite() if request.param == "sqlite" else postgresql() as made:
        yield made


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A fresh database at the newest schema."""
    with databases.new() as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a fresh database."""
    made = create_engine_for(database_url)
    yield made
    made.dispose()


@pytest.fixture
def registry(engine: Engine) -> Iterator[Registry]:
    """A registry on a fresh database; nothing is committed unless the test does."""
    with writing(engine)() as session:
        yield Registry(session)


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hash passwords with hardly any work; the parameters in use are tested by themselves."""
    real = passwords._HASHER
    passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    yield
    passwords._HASHER = real


@pytest.fixture(scope="session", autouse=True)
def statements_compiled_once() -> Iterator[None]:
    """Let the engines of all tests share what SQLAlchemy has compiled: half the time went there."""
    real = database.create_engine
    database.create_engine = compile_once(real)  # type: ignore[assignment]  # put in its place for the test
    yield
    database.create_engine = real


@pytest.fixture(scope="session", autouse=True)
def requests_write_with_an_event() -> Iterator[None]:
    """Let every request of every test fail that writes without an audit event."""
    with every_write_is_audited():
        yield
