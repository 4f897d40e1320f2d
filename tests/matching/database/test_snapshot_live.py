"""Receivers held in process: never behind the database, shared by threads, read anew only when need be."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from registry import ACID, ANHUI, AT, Registry
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from circularity.database import reading, writing
from circularity.registry.capacity import withdraw_capacity
from circularity.registry.entitlements import CapacityWindow, Facility
from circularity.registry.facilities import set_standing
from circularity.registry.outputs import Output, withdraw_output
from matching.advice.recommending import Recommendation, outlets_for_output
from matching.database import snapshot_live
from matching.database.snapshot_live import LiveReceivers

Ids = dict[str, int]
NEARBY = (31.30, 121.60, "310100")
NUMBERS = count(1)
"""Shared by all registries of a test, so that no credit code comes twice."""


@pytest.fixture
def ids(engine: Engine) -> Ids:
    """A lot of fly ash in Shanghai with an outlet there and one in Anhui; keys by name."""
    with writing(engine).begin() as session:
        registry = Registry(session, NUMBERS)
        lot = registry.output(10)
        here, there = registry.facility(NEARBY), registry.facility(ANHUI)
        near, far = registry.window(10, registry.line(here)), registry.window(10, registry.line(there))
        session.flush()
        return {"lot": lot.id, "here": here.id, "there": there.id, "near": near.id, "far": far.id}


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every reading of all receivers."""
    made: list[Any] = []
    read = snapshot_live.read_receivers

    def counted(*arguments: Any) -> Any:
        made.append(arguments)
        return read(*arguments)

    monkeypatch.setattr(snapshot_live, "read_receivers", counted)
    return made


def told(session: Session, live: LiveReceivers, ids: Ids, **changes: Any) -> list[Recommendation]:
    """Return the outlets of the lot."""
    return outlets_for_output(live, session, session.get_one(Output, ids["lot"]), **({"at": AT} | changes))


def windows(engine: Engine, live: LiveReceivers, ids: Ids) -> list[int]:
    """Return the keys of the windows told in a session of their own."""
    with reading(engine)() as session:
        return [found.window.id for found in told(session, live, ids)]


def act(engine: Engine, deed: Callable[[Registry], Any]) -> None:
    """Do something in a transaction of its own."""
    with writing(engine).begin() as session:
        deed(Registry(session, NUMBERS))


def suspend(registry: Registry, key: int, standing: str = "suspended") -> None:
    """Change a facility's standing."""
    facility = registry.session.get_one(Facility, key)
    set_standing(registry.session, **registry.act, facility=facility, standing=standing, reason="test")


def test_a_suspended_facility_is_gone_from_the_next_answer_and_back_when_it_may(
    engine: Engine, ids: Ids
) -> None:
    live = LiveReceivers()
    assert windows(engine, live, ids) == [ids["near"], ids["far"]]
    act(engine, lambda registry: suspend(registry, ids["here"]))
    assert windows(engine, live, ids) == [ids["far"]]
    act(engine, lambda registry: suspend(registry, ids["here"], ""))
    assert windows(engine, live, ids) == [ids["near"], ids["far"]]


def test_withdrawn_capacity_is_gone_and_new_capacity_there(engine: Engine, ids: Ids) -> None:
    live = LiveReceivers()
    windows(engine, live, ids)

    def withdraw(registry: Registry) -> None:
        window = registry.session.get_one(CapacityWindow, ids["near"])
        withdraw_capacity(registry.session, **registry.act, window=window)

    act(engine, withdraw)
    assert windows(engine, live, ids) == [ids["far"]]
    act(engine, lambda registry: registry.window(5, registry.line(registry.facility(NEARBY))))
    assert len(windows(engine, live, ids)) == 2


def test_a_grant_changes_the_next_answer(engine: Engine, ids: Ids) -> None:
    live = LiveReceivers()
    with reading(engine)() as session:
        assert [found.conditions for found in told(session, live, ids)] == [(), ("general_record",)]
    act(engine, lambda registry: registry.grant(registry.session.get_one(Facility, ids["there"])))
    with reading(engine)() as session:
        assert [found.conditions for found in told(session, live, ids)] == [(), ()]


def test_a_whitelist_entry_changes_the_next_answer(engine: Engine) -> None:
    live, keys = LiveReceivers(), {}

    def acid(registry: Registry) -> None:
        plant = registry.facility(ANHUI)
        line = registry.line(entitlement=registry.licence(plant), waste_pattern="HW34", operation="R6")
        registry.window(10, line)
        lot = registry.output(10, ACID)
        registry.session.flush()
        keys.update(lot=lot.id, plant=plant.id)

    act(engine, acid)
    with reading(engine)() as session:
        (before,) = told(session, live, keys)
    act(engine, lambda registry: registry.listing(registry.session.get_one(Facility, keys["plant"])))
    with reading(engine)() as session:
        (after,) = told(session, live, keys)
    assert after.earliest < before.earliest


def test_a_lot_that_states_its_plan_makes_the_plan_a_question_for_all(engine: Engine) -> None:
    live, keys = LiveReceivers(), {}

    def acid(registry: Registry) -> None:
        line = registry.line(
            entitlement=registry.licence(registry.facility()), waste_pattern="HW34", operation="R6"
        )
        registry.window(10, line)
        lot = registry.output(10, ACID)
        registry.session.flush()
        keys.update(lot=lot.id)

    def planned(registry: Registry) -> None:
        other = registry.output(10, ACID, plan_mass_kg=10_000)
        registry.session.flush()
        keys.update(other=other.id)

    def withdraw(registry: Registry) -> None:
        other = registry.session.get_one(Output, keys["other"])
        withdraw_output(registry.session, **registry.act, output=other)

    conditions = []
    for deed in (acid, planned, withdraw):
        act(engine, deed)
        with reading(engine)() as session:
            conditions.append([found.conditions for found in told(session, live, keys)])
    assert conditions == [[()], [("plan",)], [()]]


def test_postings_do_not_make_the_receivers_be_read_again(
    engine: Engine, ids: Ids, readings: list[Any]
) -> None:
    live = LiveReceivers()
    windows(engine, live, ids)

    def post(registry: Registry) -> None:
        output = registry.output(5)
        registry.session.flush()
        ids["lot"] = output.id

    act(engine, post)
    assert windows(engine, live, ids) == [ids["near"], ids["far"]]
    assert len(readings) == 1
    act(engine, lambda registry: suspend(registry, ids["here"]))
    windows(engine, live, ids)
    windows(engine, live, ids)
    assert len(readings) == 2


def test_another_day_is_another_answer(engine: Engine, ids: Ids) -> None:
    live = LiveReceivers()
    with reading(engine)() as session:
        assert len(told(session, live, ids)) == 2
        assert told(session, live, ids, at=AT + timedelta(days=150)) == []
        assert len(told(session, live, ids)) == 2


def test_what_was_rolled_back_is_forgotten(engine: Engine, ids: Ids) -> None:
    live = LiveReceivers()
    with writing(engine)() as session:
        suspend(Registry(session, NUMBERS), ids["here"])
        session.flush()
        assert [found.window.id for found in told(session, live, ids)] == [ids["far"]]
        session.rollback()
    act(engine, lambda registry: registry.output(1))
    assert windows(engine, live, ids) == [ids["near"], ids["far"]]


def test_a_session_that_began_earlier_keeps_its_own_state(engine: Engine, ids: Ids) -> None:
    live = LiveReceivers()
    with reading(engine)() as earlier:
        assert len(told(earlier, live, ids)) == 2
        act(engine, lambda registry: suspend(registry, ids["here"]))
        assert windows(engine, live, ids) == [ids["far"]]
        assert len(told(earlier, live, ids)) == 2
    assert windows(engine, live, ids) == [ids["far"]]


def test_threads_share_the_receivers_and_each_sees_what_its_session_sees(engine: Engine, ids: Ids) -> None:
    live = LiveReceivers()

    def ask(_: int) -> tuple[bool, bool, bool]:
        with reading(engine)() as session:
            found = [r.window.line.entitlement.facility.id for r in told(session, live, ids)]
            standing = session.get_one(Facility, ids["here"]).standing
            return ids["here"] in found, standing == "", ids["there"] in found

    seen = []
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(ask, k) for k in range(20)]
        for k in range(12):
            standing = "suspended" if k % 2 == 0 else ""
            act(engine, lambda registry, standing=standing: suspend(registry, ids["here"], standing))
            answers += [pool.submit(ask, k) for k in range(5)]
            seen.append(ask(k))  # between two acts, so that either standing is met whatever the threads do
        seen += [answer.result() for answer in answers]
    assert all(advised == stands for advised, stands, _ in seen)
    assert all(other for *_, other in seen)
    assert {stands for _, stands, _ in seen} == {True, False}


def test_told_windows_can_be_read_when_every_session_is_closed(engine: Engine, ids: Ids) -> None:
    with reading(engine)() as session:
        found = told(session, LiveReceivers(), ids)
    names = [r.window.line.entitlement.facility.site.organisation.name_zh for r in found]
    assert len(set(names)) == 2
