"""A registry on a fresh database for every test of this room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from registry import Registry, new_database

from circularity.database import writing


@pytest.fixture
def registry() -> Iterator[Registry]:
    with writing(new_database())() as session:
        yield Registry(session)
