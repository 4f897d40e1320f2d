"""The quarter that tests of the seed read, told once on each kind of database."""

from __future__ import annotations

import pytest
from databases import SqliteDatabases
from quarter_world import CONTRACTS, SHORT, WHOLE, telling

from circularity.database import reading


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """The quarter with everything that happens in it, told once; its tests only read, or roll back."""
    with telling(SqliteDatabases(tmp_path_factory.mktemp("quarter")), WHOLE, CONTRACTS, 60) as told:
        yield told


@pytest.fixture(scope="session")
def told(request, databases):
    """On each kind of database a story; the same verbs on PostgreSQL, fewer times."""
    if databases.name == "sqlite":
        yield request.getfixturevalue("whole")
    else:
        with telling(databases, SHORT, (), 3) as short:
            yield short


@pytest.fixture
def session(whole):
    with reading(whole.engine)() as session:
        yield session


@pytest.fixture
def each(told):
    """A reading session on each kind of database."""
    with reading(told.engine)() as session:
        yield session
