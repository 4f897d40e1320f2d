"""Events wait for the commit: in order, none lost, none too many, whatever becomes of savepoints."""

from __future__ import annotations

from itertools import count
from threading import Barrier, Thread

import pytest
from registry import ACTOR, AT, Registry
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from circularity.audit import AuditEvent, record, verify_chain
from circularity.database import writing
from circularity.organisations import Organisation


def told(session: Session) -> list[str]:
    """The actions in the chain, as anybody asks for them."""
    return list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.position)))


@pytest.fixture
def firm(registry: Registry) -> Organisation:
    """A firm whose registration is event 1."""
    made = registry.organisation()
    registry.session.commit()
    return made


def note(session: Session, firm: Organisation, action: str) -> None:
    record(session, ACTOR, AT, action, firm, {})


def test_two_events_of_one_transaction_follow_each_other_in_the_order_of_the_acts(
    registry: Registry, firm: Organisation
) -> None:
    note(registry.session, firm, "first.act")
    note(registry.session, firm, "second.act")
    registry.session.commit()
    assert told(registry.session) == ["organisation.registered", "first.act", "second.act"]
    one, two, three = registry.session.scalars(select(AuditEvent).order_by(AuditEvent.position))
    assert (one.position, two.position, three.position) == (1, 2, 3)
    assert (two.previous, three.previous) == (one.digest, two.digest)
    assert verify_chain(registry.session).faults == ()


def test_whoever_asks_the_chain_before_the_commit_finds_what_was_done(
    registry: Registry, firm: Organisation
) -> None:
    note(registry.session, firm, "first.act")
    assert told(registry.session)[-1] == "first.act"
    note(registry.session, firm, "second.act")
    events = select(AuditEvent).where(AuditEvent.action == "second.act").subquery()
    assert registry.session.scalar(select(func.count()).select_from(events)) == 1
    assert verify_chain(registry.session).head.events == 3
    registry.session.commit()
    assert verify_chain(registry.session).faults == ()
    assert told(registry.session) == ["organisation.registered", "first.act", "second.act"]


def test_an_event_tells_the_facts_as_they_were_when_it_was_recorded(
    registry: Registry, firm: Organisation
) -> None:
    facts = {"tonnes": 1}
    record(registry.session, ACTOR, AT, "first.act", firm, facts)
    facts["tonnes"] = 2
    registry.session.commit()
    assert registry.session.scalars(select(AuditEvent).filter_by(position=2)).one().facts == {"tonnes": 1}


@pytest.mark.parametrize("asked_within", [False, True], ids=["unread", "read within"])
def test_a_savepoint_that_is_rolled_back_takes_its_events_along_and_no_others(
    registry: Registry, firm: Organisation, asked_within: bool
) -> None:
    session = registry.session
    note(session, firm, "before.it")
    savepoint = session.begin_nested()
    note(session, firm, "within.it")
    if asked_within:
        assert told(session)[-2:] == ["before.it", "within.it"]
    savepoint.rollback()
    note(session, firm, "after.it")
    session.commit()
    assert told(session) == ["organisation.registered", "before.it", "after.it"]
    assert verify_chain(session).faults == ()


def test_a_savepoint_that_is_released_keeps_its_events_unless_the_one_around_it_goes(
    registry: Registry, firm: Organisation
) -> None:
    session = registry.session
    outer = session.begin_nested()
    with session.begin_nested():
        note(session, firm, "within.both")
    assert told(session)[-1] == "within.both"
    outer.rollback()
    with session.begin_nested():
        note(session, firm, "within.one")
    session.commit()
    assert told(session) == ["organisation.registered", "within.one"]
    assert verify_chain(session).faults == ()


def test_a_savepoint_left_open_at_the_commit_loses_nothing(engine: Engine, firm: Organisation) -> None:
    with writing(engine).begin() as session:
        same = session.get_one(Organisation, firm.id)
        note(session, same, "before.it")
        session.begin_nested()
        note(session, same, "within.it")
    with writing(engine)() as session:
        assert told(session) == ["organisation.registered", "before.it", "within.it"]
        assert verify_chain(session).faults == ()


def test_a_transaction_that_is_closed_takes_its_events_along(registry: Registry, firm: Organisation) -> None:
    note(registry.session, firm, "never.done")
    registry.session.close()
    registry.session.commit()
    assert told(registry.session) == ["organisation.registered"]


def test_a_transaction_under_way_keeps_nobody_else_from_the_chain(engine: Engine, firm: Organisation) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time anyway")
    with writing(engine)() as slow, writing(engine)() as quick:
        note(slow, firm, "slow.act")
        quick.execute(text("SET LOCAL lock_timeout = '5s'"))
        note(quick, firm, "quick.act")
        quick.commit()
        slow.commit()
    with writing(engine)() as session:
        assert told(session) == ["organisation.registered", "quick.act", "slow.act"]
        assert verify_chain(session).faults == ()


def test_writers_at_once_leave_one_whole_chain(engine: Engine) -> None:
    writers, acts, numbers = 8, 5, count(1)
    start, failed = Barrier(writers), []

    def write() -> None:
        start.wait()
        try:
            for _ in range(acts):
                with writing(engine).begin() as session:
                    registry = Registry(session, numbers)
                    registry.site()
        except Exception as error:
            failed.append(error)

    threads = [Thread(target=write) for _ in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with writing(engine)() as session:
        assert verify_chain(session).faults == ()
        # Nobody else's event comes between the two of one transaction.
        assert told(session) == ["organisation.registered", "site.added"] * writers * acts
