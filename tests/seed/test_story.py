from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from circularity.audit import AuditEvent, verify_chain
from circularity.database import Base, create_engine_for, reading, writing
from circularity.organisations import Organisation
from circularity.registry.declarations import GenerationDeclaration
from circularity.registry.entitlements import CapacityWindow, Entitlement
from circularity.registry.outputs import Output
from circularity.runs.stored import latest_run, reasons_of_run
from matching.database.run import run_matching
from seed.cast import QUARTER_DAYS
from seed.generate_delta import generate_delta
from seed.story import REGISTRAR, play
from seed.tables import read_delta

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
FIRST_DAY = datetime(2026, 9, 1).date()


@pytest.fixture(scope="module")
def engine(databases):
    """The named Delta, told once for all tests of this file; they only read, or tell it again."""
    with databases.new() as url:
        engine = create_engine_for(url)
        with writing(engine).begin() as session:
            assert play(session, read_delta(), at=AT)
        yield engine
        engine.dispose()


def counts(engine):
    """Rows of every table, audit events among them."""
    with reading(engine)() as session:
        return {name: session.scalar(select(func.count()).select_from(table))
                for name, table in Base.metadata.tables.items()}  # fmt: skip


def test_telling_the_story_twice_changes_nothing(engine):
    before = counts(engine)
    with writing(engine).begin() as session:
        assert not play(session, read_delta(), at=AT + timedelta(days=30))
    assert counts(engine) == before


def test_every_organisation_is_flagged_fictional(engine):
    with reading(engine)() as session:
        assert set(session.scalars(select(Organisation.fictional))) == {True}
        assert not any(session.scalars(select(Organisation.credit_code_doubtful)))


def test_every_row_has_its_event_in_an_unbroken_chain(engine):
    with reading(engine)() as session:
        assert verify_chain(session).faults == ()
        told = session.scalars(select(AuditEvent.action)).all()
        assert told.count("organisation.registered") == len(read_delta().parties)
        assert told.count("output.posted") == sum(flow.lots for flow in read_delta().flows)


def test_the_quarter_begins_on_the_day_of_telling(engine):
    with reading(engine)() as session:
        assert session.scalar(select(func.min(Output.available_from))) == FIRST_DAY
        last = FIRST_DAY + timedelta(days=QUARTER_DAYS - 1)
        assert set(session.scalars(select(CapacityWindow.available_to))) == {last}
        assert session.scalar(select(func.max(Output.storage_since))) <= FIRST_DAY


def test_lots_add_up_to_what_the_declarations_leave(engine):
    with reading(engine)() as session:
        posted = session.scalar(select(func.sum(Output.mass_kg)))
        generated, used, disposed, elsewhere = session.execute(
            select(
                func.sum(GenerationDeclaration.generated_kg),
                func.sum(GenerationDeclaration.own_utilised_kg),
                func.sum(GenerationDeclaration.own_disposed_kg),
                func.sum(GenerationDeclaration.entrusted_elsewhere_utilised_kg),
            )
        ).one()
    assert posted == generated - used - disposed - elsewhere


def test_one_licence_ends_inside_the_quarter(engine):
    with reading(engine)() as session:
        ends = [day for day in session.scalars(select(Entitlement.valid_to)) if day is not None]
    assert sum(day < FIRST_DAY + timedelta(days=QUARTER_DAYS) for day in ends) == 1


def test_a_run_over_the_story_leaves_scarce_and_forbidden_mass_with_reasons(engine):
    run_matching(engine, actor=REGISTRAR, at=AT)
    with reading(engine)() as session:
        run = latest_run(session)
        reasons = {reason for reason, _, _ in reasons_of_run(session, run)}
    assert run.fictional
    assert run.status == "optimal"
    assert 0 < run.can_move_today_kg < run.placed_kg < run.supply_kg
    assert {"capacity", "distance", "too_dear", "composition", "waste_code"} <= reasons


def test_a_generated_delta_is_told_beside_the_named_one(engine):
    before = counts(engine)["outputs"]
    with writing(engine).begin() as session:
        assert play(session, generate_delta(30, 2), at=AT)
    assert counts(engine)["outputs"] == before + 30
