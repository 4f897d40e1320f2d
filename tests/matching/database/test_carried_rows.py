"""What a warm run need not tell again, and what it must though the lot it is about has not moved."""

from __future__ import annotations

from itertools import count

from registry import ACID, ACTOR, AT, Registry, T
from sqlalchemy import Engine, select
from stored_runs import cold, stored

from circularity.database import reading, writing
from circularity.registry.outputs import Output, withdraw_output
from circularity.runs.stored import MatchingRun, Proposal, in_plan_of
from matching.database.live_run import LiveMatching


def conditions(engine: Engine, key: int) -> list[tuple[str, ...]]:
    """The conditions of a run's proposals, sorted."""
    with reading(engine)() as session:
        run = session.get_one(MatchingRun, key)
        wanted = select(Proposal.conditions).where(in_plan_of(run, Proposal))
        return sorted(tuple(each) for each in session.scalars(wanted))


def test_a_lot_that_makes_a_rule_be_asked_changes_what_is_said_of_lots_that_did_not_move(
    engine: Engine,
) -> None:
    live = LiveMatching(engine)
    with writing(engine).begin() as session:
        registry = Registry(session)
        licence = registry.licence(registry.facility())
        registry.window(200, registry.line(entitlement=licence, waste_pattern="HW34", operation="R6"))
        registry.output(50, ACID)
    key = live.run(actor=ACTOR, at=AT)
    assert conditions(engine, key) == [()], "nobody has stated a management plan"
    with writing(engine).begin() as session:
        planned = Registry(session, numbers=count(50)).output(20, ACID, plan_mass_kg=20 * T)
    expected = cold(engine, AT)
    key = live.run(actor=ACTOR, at=AT)
    assert stored(engine, key) == expected
    assert conditions(engine, key) == [(), ("plan",)]
    with writing(engine).begin() as session:
        withdraw_output(session, actor=ACTOR, at=AT, output=session.get_one(Output, planned.id))
    expected = cold(engine, AT)
    assert stored(engine, live.run(actor=ACTOR, at=AT)) == expected
