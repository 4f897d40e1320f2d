"""The audit chain: every verb writes one event, and nothing in the chain can be changed unseen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from registry import ACTOR, AT, Registry
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from circularity.audit import START, Actor, Anchor, AuditEvent, events_since, newest, record, verify_chain
from circularity.database import writing


def _actions(registry: Registry) -> list[str]:
    return [event.action for event in registry.session.query(AuditEvent).order_by(AuditEvent.position)]


def test_every_verb_leaves_one_event_in_order(registry: Registry) -> None:
    line = registry.line()
    registry.window(1, line)
    registry.listing(line.entitlement.facility)
    registry.grant(line.entitlement.facility)
    registry.declaration(registry.site(), 1)
    registry.output()
    party = ["organisation.registered", "site.added"]
    assert _actions(registry) == [
        *party, "facility.registered", "entitlement.granted", "entitlement_line.added", "capacity.offered",
        "whitelist.listed", "procedure.granted",
        *party, "generation.declared",
        *party, "output.posted",
    ]  # fmt: skip


def test_an_event_says_who_when_what_and_on_which_row(registry: Registry) -> None:
    actor = Actor("李四", "ab" * 16, "person")
    registry.act["actor"] = actor
    site = registry.site()
    event = registry.session.query(AuditEvent).filter_by(action="site.added").one()
    assert (event.actor_name, event.actor_organisation, event.actor_kind) == ("李四", "ab" * 16, "person")
    assert (event.at, event.subject_kind, event.subject_id) == (AT, "Site", site.public_id)
    assert event.facts["organisation"] == site.organisation.public_id


def test_who_has_seen_an_event_is_told_those_after_it_or_that_there_are_too_many(registry: Registry) -> None:
    session, nothing = registry.session, Anchor(0, START)
    assert newest(session) == nothing
    assert events_since(session, nothing, 1) == []
    registry.organisation()
    seen = newest(session)
    registry.organisation()
    registry.organisation()
    assert [event.position for event in events_since(session, nothing, 4) or ()] == [1, 2, 3]
    assert [event.position for event in events_since(session, seen, 3) or ()] == [2, 3]
    assert events_since(session, nothing, 3) is None
    assert events_since(session, seen, 2) is None
    assert events_since(session, Anchor(1, "another"), 9) is None
    assert events_since(session, newest(session), 1) == []


def test_a_transaction_that_fails_takes_its_events_with_it(engine: Engine) -> None:
    with writing(engine)() as session:
        registry = Registry(session)
        registry.organisation()
        session.commit()
        registry.organisation()
        session.rollback()
        registry.organisation()
        session.commit()
        assert verify_chain(session).faults == ()
        assert session.query(AuditEvent).count() == 2


def test_a_savepoint_rolled_back_leaves_no_gap(registry: Registry) -> None:
    registry.organisation()
    registry.session.flush()
    nested = registry.session.begin_nested()
    registry.organisation()
    nested.rollback()
    registry.organisation()
    registry.session.commit()
    assert verify_chain(registry.session).faults == ()


def test_an_empty_chain_is_whole(registry: Registry) -> None:
    report = verify_chain(registry.session)
    assert (report.head, report.faults) == (Anchor(0, START), ())


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_events SET actor_name = 'x'", "DELETE FROM audit_events"]
)
def test_the_database_refuses_to_rewrite_the_past(registry: Registry, statement: str) -> None:
    registry.organisation()
    registry.session.commit()
    with pytest.raises(DBAPIError, match="never changed"):
        registry.session.execute(text(statement))
    registry.session.rollback()
    assert verify_chain(registry.session).faults == ()


def test_a_head_noted_outside_stays_in_a_chain_that_grows(registry: Registry) -> None:
    registry.organisation()
    noted = verify_chain(registry.session).head
    registry.organisation()
    assert verify_chain(registry.session, noted).faults == ()


def test_a_head_that_was_never_there_is_missed(registry: Registry) -> None:
    registry.organisation()
    assert "noted outside" in verify_chain(registry.session, Anchor(1, "f" * 64)).faults[0]


def test_a_moment_without_a_zone_is_no_moment(registry: Registry) -> None:
    organisation = registry.organisation()
    with pytest.raises(ValueError, match="time zone"):
        record(registry.session, ACTOR, datetime(2026, 9, 1), "x.y", organisation, {})


def test_facts_that_json_cannot_hold_are_refused(registry: Registry) -> None:
    organisation = registry.organisation()
    with pytest.raises(ValueError, match="JSON"):
        record(registry.session, ACTOR, datetime.now(UTC), "x.y", organisation, {"n": float("nan")})
