"""The watch over requests that write: it sees a write without an event, and lets one with an event pass."""

from __future__ import annotations

import pytest
from audited_writes import UnauditedWrite
from flask import Flask
from registry import ACTOR, AT, Registry
from sqlalchemy import Engine, select, update

from circularity.audit import record
from circularity.database import writing
from circularity.organisations import Organisation


@pytest.fixture
def registered(engine: Engine) -> Engine:
    with writing(engine).begin() as session:
        Registry(session).organisation()
    return engine


def test_a_request_that_writes_without_an_event_does_not_commit(registered: Engine) -> None:
    with (
        Flask(__name__).test_request_context("/somewhere", method="POST"),
        pytest.raises(UnauditedWrite, match=r"POST /somewhere wrote \['organisations'\]"),
        writing(registered).begin() as session,
    ):
        session.execute(update(Organisation).values(name_en="changed"))
    with writing(registered)() as session:
        assert session.scalars(select(Organisation.name_en)).one() != "changed"


def test_a_request_that_records_what_it_does_commits(registered: Engine) -> None:
    with Flask(__name__).test_request_context("/"), writing(registered).begin() as session:
        organisation = session.scalars(select(Organisation)).one()
        organisation.name_en = "changed"
        record(session, ACTOR, AT, "organisation.renamed", organisation, {"name_en": "changed"})
    with writing(registered)() as session:
        assert session.scalars(select(Organisation.name_en)).one() == "changed"
