"""Whatever is changed in stored proposals, the check that reads them back refuses them.

`STORED_MUTATIONS` sets how many mutations there are (default 60; 1000 is the long form).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from registry import ACID, ACTOR, ANHUI, AT, JIANGSU, SHANGHAI, Registry, T
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session
from stored_runs import cold, stored

from circularity.database import reading, writing
from circularity.registry.outputs import Output, withdraw_output
from circularity.runs.stored import MatchingRun, Proposal, Unmatched, all_runs, latest_run
from matching.database import run as run_module
from matching.database.live_run import LiveMatching
from matching.database.run import publish_in, run_matching
from matching.database.run_rows import MONEY
from matching.database.said import Said, rows_of
from matching.database.snapshot import Snapshot, parameters_at, read_snapshot
from matching.database.standing import store
from matching.database.stored_check import stored_faults
from matching.pairs.parts import prepare
from matching.plans.plan import PlanRefusedError, make_plan

MUTATIONS = int(os.environ.get("STORED_MUTATIONS", "60"))


@dataclass(frozen=True)
class Stored:
    """A stored run, the snapshot it was made of and what its plan says."""

    engine: Engine
    key: int
    snapshot: Snapshot
    said: Said

    def faults(self, session: Session) -> list[str]:
        """What the check finds in the rows as the session sees them."""
        session.expire_all()
        run, prepared = session.get_one(MatchingRun, self.key), prepare(self.snapshot.case)
        return stored_faults(session, run, self.snapshot, prepared, self.said)


def region(session: Session) -> None:
    """Two streams, acid that needs an approval, a limited grant for one sender, and more waste than room."""
    registry = Registry(session)
    for place in (SHANGHAI, JIANGSU, ANHUI):
        registry.window(120, registry.line(registry.facility(place)), gate_fee_ucny_per_kg=1000)
        registry.window(90, registry.line(registry.facility(place), waste_pattern="SW06", operation="C1"))
    plant = registry.facility(JIANGSU)
    acid = registry.line(entitlement=registry.licence(plant), waste_pattern="HW34", operation="R6")
    registry.window(60, acid)
    for tonnes in range(10, 30):
        registry.output(
            tonnes, ("900-001-S02", "900-099-S06")[tonnes % 2], place=(SHANGHAI, ANHUI)[tonnes % 3 == 0]
        )
    lots = [registry.output(tonnes, ACID, plan_mass_kg=tonnes * T) for tonnes in (20, 25, 30)]
    session.flush()
    facts: dict[str, Any] = {"kind": "hazardous_approval", "waste_pattern": "HW34", "limit_kg": 15 * T}
    registry.grant(plant, output_organisation=lots[0].site.organisation, **facts)


@pytest.fixture
def run(engine: Engine) -> Stored:
    with writing(engine).begin() as session:
        region(session)
    with reading(engine)() as session:
        snapshot = read_snapshot(session, parameters_at(AT))
    plan = make_plan(snapshot.case)
    published = publish_in(engine, snapshot, plan, actor=ACTOR, at=AT)
    return Stored(engine, published.run.id, snapshot, rows_of(snapshot, plan))


def one(session: Session, dice: Random, model: Any) -> Any:
    """One of the rows."""
    keys = session.scalars(select(model).order_by(model.output_id, *model.__mapper__.primary_key)).all()
    return dice.choice(keys)


def mass(session: Session, dice: Random) -> None:
    row = one(session, dice, Proposal)
    row.mass_kg = max(1, row.mass_kg + dice.choice([-1000, -1, 1, 1000])) + (row.mass_kg == 1)


def moved_mass(session: Session, dice: Random) -> None:
    """A kilogram goes from one proposal to another: sums stay, outputs do not."""
    giver, taker = one(session, dice, Proposal), one(session, dice, Proposal)
    taker = taker if taker is not giver else one(session, dice, Unmatched)
    giver.mass_kg, taker.mass_kg = giver.mass_kg - 1, taker.mass_kg + 1


def left_mass(session: Session, dice: Random) -> None:
    row = one(session, dice, Unmatched)
    row.mass_kg += dice.choice([1, 1000])


def gone(session: Session, dice: Random) -> None:
    row = one(session, dice, dice.choice([Proposal, Unmatched]))
    session.delete(row)


def output(session: Session, dice: Random) -> None:
    row, other = one(session, dice, Proposal), one(session, dice, Proposal)
    row.output_id = other.output_id if other.output_id != row.output_id else row.output_id % 3 + 1


def window(session: Session, dice: Random) -> None:
    row = one(session, dice, Proposal)
    row.window_id = row.window_id % 7 + 1


def swapped(session: Session, dice: Random) -> None:
    """Two lots change places: every sum but those of the rules and levels may stay."""
    first, second = one(session, dice, Proposal), one(session, dice, Proposal)
    if first.window_id == second.window_id:
        first.operation = "D1"
    first.window_id, second.window_id = second.window_id, first.window_id


def operation(session: Session, dice: Random) -> None:
    row = one(session, dice, Proposal)
    row.operation = dice.choice([word for word in ("C1", "C2", "D1", "R6") if word != row.operation])


def number(session: Session, dice: Random) -> None:
    row = one(session, dice, Proposal)
    name = dice.choice(["distance_m", "cost_ucny_per_kg", *(f"{part}_ucny_per_kg" for part in MONEY)])
    setattr(row, name, (getattr(row, name) or 0) + dice.choice([1, 1000]))


def conditions(session: Session, dice: Random) -> None:
    row = one(session, dice, Proposal)
    row.conditions = () if row.conditions else ("general_record",)


def days(session: Session, dice: Random) -> None:
    row = one(session, dice, Proposal)
    name = dice.choice(["earliest", "latest"])
    setattr(row, name, getattr(row, name) + timedelta(days=dice.choice([-1, 1])))


def grant(session: Session, dice: Random) -> None:
    granted = [row for row in session.scalars(select(Proposal)) if row.grant_id]
    row = dice.choice([*granted, one(session, dice, Proposal)])
    row.grant_id = None if row.grant_id else 1


MUTATE: tuple[Callable[[Session, Random], None], ...] = (
    mass, moved_mass, left_mass, gone, output, window, swapped, operation, number, conditions, days, grant,
)  # fmt: skip


def test_what_was_stored_is_found_right(run: Stored) -> None:
    with writing(run.engine)() as session:
        assert run.faults(session) == []
        assert any(row.grant_id for row in session.scalars(select(Proposal))), "the grant is used"
        assert session.scalars(select(Unmatched)).first() is not None


def test_every_mutation_of_stored_proposals_is_refused(run: Stored) -> None:
    dice = Random(20260901)
    passed = []
    with writing(run.engine)() as session:
        for number_of in range(MUTATIONS):
            mutate = MUTATE[number_of % len(MUTATE)]
            with session.begin_nested() as mutated, session.no_autoflush:
                mutate(session, dice)
                session.flush()
                if not run.faults(session):
                    passed.append((number_of, mutate.__name__))
                mutated.rollback()
        assert passed == []
        assert run.faults(session) == []


def test_a_run_whose_rows_were_changed_on_their_way_is_rolled_back(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(engine).begin() as session:
        region(session)

    def clumsy(session: Session, *arguments: Any) -> None:
        store(session, *arguments)
        session.execute(update(Proposal).values(mass_kg=Proposal.mass_kg + 1))

    monkeypatch.setattr(run_module, "store", clumsy)
    with pytest.raises(PlanRefusedError, match="carries more"):
        run_matching(engine, actor=ACTOR, at=AT)
    with reading(engine)() as session:
        assert latest_run(session) is None
        assert session.scalars(select(Proposal)).all() == []


def test_rows_that_a_warm_run_leaves_as_they_are_are_checked_with_their_part(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = LiveMatching(engine)
    with writing(engine).begin() as session:
        region(session)
    for _ in range(2):
        first = live.run(actor=ACTOR, at=AT)
    with writing(engine).begin() as session:
        solid = select(Output).where(Output.waste_code == "900-001-S02").order_by(Output.mass_kg)
        withdraw_output(session, actor=ACTOR, at=AT, output=session.scalars(solid).first())

    def tampered(session: Session, *facts: Any) -> list[str]:
        said: Said = facts[-1]
        assert said.only is not None
        left = Proposal.output_id.in_(said.outputs.keys() - said.only["proposals"])
        session.execute(update(Proposal).where(left).values(distance_m=Proposal.distance_m + 1))
        return stored_faults(session, *facts)

    with monkeypatch.context() as patched:
        patched.setattr(run_module, "stored_faults", tampered)
        with pytest.raises(PlanRefusedError, match="the terms of a proposal"):
            live.run(actor=ACTOR, at=AT)
    with reading(engine)() as session:
        assert [run.id for run in all_runs(session, limit=1)] == [first]
    expected = cold(engine, AT)
    assert stored(engine, live.run(actor=ACTOR, at=AT)) == expected
