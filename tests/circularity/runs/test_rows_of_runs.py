"""Rows of runs from before intervals get their end from the next run, and what refers to them stays."""

from __future__ import annotations

from alembic import command
from bare_runs import left, stored_run
from deal_world import DealWorld, act
from registry import Registry
from sqlalchemy import Engine, select, text

from circularity.database import alembic_config, reading, upgrade, writing
from circularity.deals.contract import Agreement
from circularity.deals.proposals import answer_proposal
from circularity.runs.stored import MatchingRun, Proposal, Unmatched, in_plan_of


def test_rows_from_before_intervals_end_with_the_next_run(engine: Engine) -> None:
    with writing(engine).begin() as session:
        world = DealWorld(Registry(session))
        answered = world.proposal()
        answer_proposal(session, **act(), proposal=answered, side="generator", terms=None)
        later = stored_run(world.registry)
        left(world.registry, later, world.registry.output(), 5)
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0015")
    upgrade(engine)
    with reading(engine)() as session:
        first, second = session.scalars(select(MatchingRun).order_by(MatchingRun.id)).all()
        proposal = session.scalars(select(Proposal)).one()
        assert (proposal.run_id, proposal.until_run_id, proposal.status) == (first.id, second.id, "countered")
        assert session.scalars(select(Agreement)).one().proposal_id == proposal.id
        for model, run in ((Proposal, first), (Unmatched, second)):
            found = [
                session.scalars(select(model).where(in_plan_of(each, model))).all()
                for each in (first, second)
            ]
            assert [len(rows) for rows in found] == [int(run is first), int(run is second)]
        if engine.dialect.name == "sqlite":
            assert session.execute(text("PRAGMA foreign_key_check")).all() == []
