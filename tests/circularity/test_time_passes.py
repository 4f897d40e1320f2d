"""A server lets time pass: what is over frees its capacity, and nothing else changes."""

from __future__ import annotations

from deal_world import DealWorld, act, at
from registry import Registry, T
from sqlalchemy import Engine, func, select

from circularity.audit import AuditEvent
from circularity.database import writing
from circularity.deals.contract import Agreement
from circularity.deals.offers import accept
from circularity.deals.proposals import answer_proposal
from circularity.deals.reservations import left_kg
from circularity.runs.stored import Proposal
from circularity.time_passes import let_time_pass


def test_what_is_over_ends_and_frees_what_it_held(engine: Engine) -> None:
    with writing(engine).begin() as session:
        world = DealWorld(Registry(session))
        window = world.registry.window(100)
        deal = world.offered(60, window=window)
        accept(session, **act(), agreement=deal, side="facility")
        proposal = world.proposal()
        answer_proposal(session, **act(), proposal=proposal, side="generator", terms=None)
    assert let_time_pass(engine, at(hours=71)) == 0
    assert let_time_pass(engine, at(hours=72)) == 2
    with writing(engine)() as session:
        assert left_kg(session, "window", window) == 100 * T
    # Two offers expire, and the proposal that opens again is as old by then.
    assert let_time_pass(engine, at(days=30)) == 3
    with writing(engine)() as session:
        assert set(session.scalars(select(Agreement.status))) == {"expired"}
        assert set(session.scalars(select(Proposal.status))) == {"expired"}


def test_when_nothing_is_over_nothing_is_written(engine: Engine) -> None:
    with writing(engine).begin() as session:
        DealWorld(Registry(session)).agreed(60)
    with writing(engine)() as session:
        events = session.scalar(select(func.count()).select_from(AuditEvent))
    assert let_time_pass(engine, at(days=1)) == 0
    with writing(engine)() as session:
        assert session.scalar(select(func.count()).select_from(AuditEvent)) == events
