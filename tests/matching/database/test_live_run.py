"""A process that remembers its last run stores what a cold run would store, whatever happened in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any

import numpy as np
import pytest
from registry import ACID, ACTOR, ANHUI, AT, JIANGSU, SHANGHAI, Registry, T
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from stored_runs import cold, cold_news, news, stored

from circularity.database import reading, writing
from circularity.deals.proposals import answer_proposal, decline_proposal
from circularity.registry.capacity import withdraw_capacity
from circularity.registry.entitlements import CapacityWindow, Facility
from circularity.registry.facilities import set_standing
from circularity.registry.outputs import Output, withdraw_output
from circularity.runs.stored import MatchingRun, Proposal, in_plan_of
from matching.case import Case
from matching.database import live_run
from matching.database.carried_rows import Carried
from matching.database.live_run import LiveMatching
from matching.database.run import run_matching
from matching.plans.plan import Plan, PlanRefusedError, make_plan

PLACES = (SHANGHAI, JIANGSU, ANHUI)


def require_accounted(engine: Engine, key: int) -> None:
    """Every open proposal is of the newest run, and each of its kilograms is told once."""
    with reading(engine)() as session:
        run = session.get_one(MatchingRun, key)
        mine = func.sum(Proposal.mass_kg)
        assert (session.scalar(select(mine).where(in_plan_of(run, Proposal))) or 0) == run.placed_kg
        pairs = session.execute(
            select(Proposal.output_id, Proposal.window_id).where(in_plan_of(run, Proposal)).distinct()
        )
        counts = run.figures["changes"]
        assert sum(counts[kind] for kind in ("kept", "renewed", "new", "changed")) == len(pairs.all())
        strays = select(Proposal.id).where(Proposal.status == "open", ~in_plan_of(run, Proposal))
        assert session.scalars(strays).all() == []


def found(session: Session, dice: Random, wanted: Any) -> Any:
    """One of the rows, None where there are none."""
    rows = session.scalars(wanted).all()
    return dice.choice(rows) if rows else None


def posts(registry: Registry, dice: Random) -> None:
    code = dice.choice(["900-001-S02", "900-001-S02", "900-099-S06", ACID])
    facts = {"assays": {"cl_mg_per_kg": 5_000_000}} if dice.random() < 0.3 else {}
    facts |= {"plan_mass_kg": dice.randint(0, 120) * T} if code == ACID and dice.random() < 0.5 else {}
    registry.output(dice.randint(1, 120), code, place=dice.choice(PLACES), **facts)


def withdraws(registry: Registry, dice: Random) -> None:
    lot = found(
        registry.session, dice, select(Output).where(Output.withdrawn_at.is_(None)).order_by(Output.id)
    )
    if lot:
        withdraw_output(registry.session, **registry.act, output=lot)


def offers(registry: Registry, dice: Random) -> None:
    line = registry.line(registry.facility(dice.choice(PLACES)), waste_pattern=dice.choice(["SW02", "SW06"]))
    registry.window(dice.randint(1, 150), line)


def closes(registry: Registry, dice: Random) -> None:
    window = found(registry.session, dice, select(CapacityWindow).order_by(CapacityWindow.id))
    withdraw_capacity(registry.session, **registry.act, window=window)


def suspends(registry: Registry, dice: Random) -> None:
    facility = found(registry.session, dice, select(Facility).order_by(Facility.id))
    standing = dice.choice(["", "suspended"])
    set_standing(registry.session, **registry.act, facility=facility, standing=standing, reason="t")


def grants(registry: Registry, dice: Random) -> None:
    facility = found(registry.session, dice, select(Facility).order_by(Facility.id))
    lot = found(registry.session, dice, select(Output).order_by(Output.id))
    registry.grant(facility, output_organisation=lot.site.organisation, limit_kg=dice.randint(1, 90) * T)


def declines(registry: Registry, dice: Random) -> None:
    wanted = select(Proposal).where(Proposal.status == "open").order_by(Proposal.id)
    if proposal := found(registry.session, dice, wanted):
        decline_proposal(registry.session, **registry.act, proposal=proposal, side="generator")


def accepts(registry: Registry, dice: Random) -> None:
    wanted = select(Proposal).where(Proposal.status == "open").order_by(Proposal.id)
    proposal = found(registry.session, dice, wanted)
    if proposal and proposal.window.withdrawn_at is None and proposal.output.withdrawn_at is None:
        answer_proposal(registry.session, **registry.act, proposal=proposal, side="generator", terms=None)


ACTS: tuple[Callable[[Registry, Random], None], ...] = (
    posts, posts, posts, withdraws, withdraws, offers, closes, suspends, grants, declines, accepts,
)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_after_any_acts_a_live_run_stores_what_a_cold_run_would(engine: Engine, seed: int) -> None:
    dice, live = Random(seed), LiveMatching(engine)
    registry = Registry(writing(engine)())
    for _ in range(4):
        offers(registry, dice)
        posts(registry, dice)
        posts(registry, dice)
    registry.session.commit()
    warm = 0
    for step in range(6):
        at = AT + timedelta(hours=8 * step)
        expected, expected_news = cold(engine, at), cold_news(engine, at)
        key = live.run(actor=ACTOR, at=at)
        assert stored(engine, key) == expected
        with reading(engine)() as session:
            assert news(session, session.get_one(MatchingRun, key)) == expected_news
        require_accounted(engine, key)
        warm += live.touched is not None
        registry.act = {"actor": ACTOR, "at": at}
        for act in dice.choices(ACTS, k=dice.randint(0, 3)):
            act(registry, dice)
        registry.session.commit()
        if dice.random() < 0.2:
            run_matching(engine, actor=ACTOR, at=at)
    registry.session.close()
    assert warm >= 3, "the day changes twice at most"


def test_only_posted_lots_are_read_and_only_their_part_is_matched(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = LiveMatching(engine)
    with writing(engine).begin() as session:
        registry = Registry(session)
        registry.window(100)
        registry.window(100, registry.line(waste_pattern="SW06"))
        registry.output(50)
        registry.output(50, "900-099-S06")
    live.run(actor=ACTOR, at=AT)
    assert live.touched is None
    monkeypatch.setattr(live_run, "read_snapshot", None)
    live.run(actor=ACTOR, at=AT)
    assert live.touched == 2, "now there are proposals to be kept"
    with writing(engine).begin() as session:
        lot = Registry(session, numbers=count(50)).output(70)
    live.run(actor=ACTOR, at=AT)
    assert live.touched == 1
    with writing(engine).begin() as session:
        withdraw_output(session, actor=ACTOR, at=AT, output=session.get_one(Output, lot.id))
    expected = cold(engine, AT)
    assert stored(engine, live.run(actor=ACTOR, at=AT)) == expected


def test_what_is_too_large_to_be_remembered_is_matched_from_nothing_in_so_many_processes(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, asked = LiveMatching(engine, processes=2), []

    def noted(case: Case, *, processes: int, progress: Any) -> Plan:
        asked.append(processes)
        return make_plan(case, processes=processes, progress=progress)

    monkeypatch.setattr(live_run, "make_plan", noted)
    with writing(engine).begin() as session:
        registry = Registry(session)
        registry.output(50)
        registry.window(100)
    monkeypatch.setattr(live_run, "HELD_CANDIDATES", 0)
    for _ in range(2):
        expected = cold(engine, AT)
        assert stored(engine, live.run(actor=ACTOR, at=AT)) == expected
        assert live.touched is None
    assert asked == [2, 2]


def test_a_run_that_is_called_off_leaves_the_memory_as_it_was(engine: Engine) -> None:
    live = LiveMatching(engine)
    with writing(engine).begin() as session:
        registry = Registry(session)
        registry.output(50)
        registry.window(100)
    first = live.run(actor=ACTOR, at=AT)
    with writing(engine).begin() as session:
        Registry(session, numbers=count(50)).output(20)

    def called_off(*_: Any) -> None:
        raise InterruptedError

    for where in ({"progress": called_off}, {"conclude": called_off}):
        with pytest.raises(InterruptedError):
            live.run(actor=ACTOR, at=AT, **where)
    expected = cold(engine, AT)
    key = live.run(actor=ACTOR, at=AT)
    assert stored(engine, key) == expected
    with reading(engine)() as session:
        assert session.scalars(select(MatchingRun.id).order_by(MatchingRun.id)).all() == [first, key]


@pytest.mark.parametrize("as_what", ["untouched", "alike"])
def test_a_run_that_leaves_out_what_has_changed_is_refused_and_nothing_begins_from_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, as_what: str
) -> None:
    live = LiveMatching(engine)
    with writing(engine).begin() as session:
        registry = Registry(session)
        registry.window(60)
        registry.output(50)
    live.run(actor=ACTOR, at=AT)
    with writing(engine).begin() as session:
        Registry(session, numbers=count(50)).output(20, place=ANHUI)

    def wrongly_carried(*_: Any, **__: Any) -> Carried:
        nothing = np.array([], dtype=np.int64)
        return replace(Carried(nothing, nothing, frozenset(), None), **{as_what: np.array([0, 1])})

    monkeypatch.setattr(live_run, "carried_over", wrongly_carried)
    expected = cold(engine, AT)
    with pytest.raises(PlanRefusedError):
        live.run(actor=ACTOR, at=AT)
    assert stored(engine, live.run(actor=ACTOR, at=AT)) == expected
