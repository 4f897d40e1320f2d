"""A deal from its first offer to its end: who may do what, what it holds, and what is asked again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from deal_world import DealWorld, act, at, terms
from registry import ACTOR, Registry, T

from circularity.audit import AuditEvent
from circularity.deals.offers import (
    OFFER_STANDS,
    accept,
    confirm,
    counter,
    decline,
    expire_offers,
    lapse_reservations,
    make_offer,
)
from circularity.deals.reservations import left_kg
from circularity.errors import BadInput, RuleBroken
from circularity.registry.capacity import withdraw_capacity
from circularity.registry.facilities import set_standing


@pytest.fixture
def world(registry: Registry) -> DealWorld:
    return DealWorld(registry)


def refused(code: str, step: Any, **facts: Any) -> RuleBroken:
    with pytest.raises(RuleBroken) as error:
        step(**facts)
    assert error.value.code == code
    return error.value


def test_the_first_acceptance_reserves_and_the_second_commits(world: DealWorld) -> None:
    window = world.registry.window(100)
    agreement = world.offered(60, window=window)
    assert left_kg(world.session, "window", window) == 100 * T
    accept(world.session, **act(), agreement=agreement, side="facility")
    assert (agreement.status, agreement.expires_at) == ("accepted_by_facility", at(hours=72))
    assert left_kg(world.session, "window", window) == 40 * T
    confirm(world.session, **act(hours=71), agreement=agreement, side="generator")
    assert (agreement.status, agreement.expires_at, agreement.agreed_at) == ("agreed", None, at(hours=71))
    assert left_kg(world.session, "window", window) == 40 * T


def test_what_is_reserved_cannot_be_reserved_again(world: DealWorld) -> None:
    window = world.registry.window(100)
    first, second = world.offered(60, window=window), world.offered(60, window=window)
    accept(world.session, **act(), agreement=first, side="facility")
    error = refused("full", accept, session=world.session, **act(), agreement=second, side="facility")
    assert error.facts == {
        "kind": "window", "subject": window.public_id, "year": 0, "left_kg": 40 * T, "wanted_kg": 60 * T,
    }  # fmt: skip
    assert second.status == "offered_by_generator"


def test_nobody_accepts_their_own_offer_or_confirms_their_own_acceptance(world: DealWorld) -> None:
    agreement = world.offered()
    refused("illegal_step", accept, session=world.session, **act(), agreement=agreement, side="generator")
    accept(world.session, **act(), agreement=agreement, side="facility")
    refused("illegal_step", confirm, session=world.session, **act(), agreement=agreement, side="facility")


def test_a_counter_offer_keeps_the_one_before_and_frees_what_was_reserved(world: DealWorld) -> None:
    window = world.registry.window(100)
    agreement = world.offered(60, window=window)
    accept(world.session, **act(), agreement=agreement, side="facility")
    counter(world.session, **act(), agreement=agreement, side="generator", terms=terms(50, note="less"))
    assert [offer.mass_kg for offer in agreement.offers] == [60 * T, 50 * T]
    assert (agreement.status, agreement.offer.mass_kg) == ("offered_by_generator", 50 * T)
    assert left_kg(world.session, "window", window) == 100 * T


def test_a_side_may_change_its_own_offer_while_nobody_has_accepted_it(world: DealWorld) -> None:
    agreement = world.offered(60)
    make_offer(world.session, **act(), agreement=agreement, side="generator", terms=terms(70))
    assert (agreement.offer.number, agreement.status) == (2, "offered_by_generator")
    facts = {"agreement": agreement, "terms": terms(80)}
    refused("illegal_step", make_offer, session=world.session, **act(), side="facility", **facts)


def test_terms_that_are_refused_leave_everything_as_it_was(world: DealWorld) -> None:
    window = world.registry.window(100)
    agreement = world.offered(60, window=window)
    accept(world.session, **act(), agreement=agreement, side="facility")
    late = terms(60, valid_to=date(2027, 1, 1))
    facts = {"agreement": agreement, "side": "generator", "terms": late}
    refused("outside_posting", counter, session=world.session, **act(), **facts)
    assert (agreement.status, len(agreement.offers)) == ("accepted_by_facility", 1)
    assert left_kg(world.session, "window", window) == 40 * T


def test_declining_needs_no_reason_and_frees_what_was_reserved(world: DealWorld) -> None:
    window = world.registry.window(100)
    agreement = world.offered(60, window=window)
    accept(world.session, **act(), agreement=agreement, side="facility")
    decline(world.session, **act(), agreement=agreement, side="generator")
    assert agreement.status == "declined"
    assert left_kg(world.session, "window", window) == 100 * T
    told = world.session.query(AuditEvent).filter_by(action="agreement.declined").one()
    assert told.facts == {"side": "generator"}


def test_a_reservation_lapses_after_its_time_and_the_offer_stands_again(world: DealWorld) -> None:
    window = world.registry.window(100)
    agreement = world.offered(60, window=window)
    accept(world.session, **act(), agreement=agreement, side="facility")
    assert lapse_reservations(world.session, at=at(hours=71)) == 0
    assert lapse_reservations(world.session, at=at(hours=72)) == 1
    assert left_kg(world.session, "window", window) == 100 * T
    assert (agreement.status, agreement.expires_at) == ("offered_by_generator", at() + OFFER_STANDS)
    accept(world.session, **act(hours=73), agreement=agreement, side="facility")
    confirm(world.session, **act(hours=74), agreement=agreement, side="generator")
    assert left_kg(world.session, "window", window) == 40 * T


def test_a_reservation_that_is_over_is_not_confirmed_even_before_it_lapses(world: DealWorld) -> None:
    agreement = world.offered(60)
    accept(world.session, **act(), agreement=agreement, side="facility", holds=timedelta(hours=1))
    facts = {"agreement": agreement, "side": "generator"}
    refused("reservation_over", confirm, session=world.session, **act(hours=1), **facts)


def test_an_offer_that_nobody_answers_expires(world: DealWorld) -> None:
    agreement = world.offered(60)
    facts = {"agreement": agreement, "side": "facility"}
    refused("offer_over", accept, session=world.session, **act(days=30), **facts)
    assert expire_offers(world.session, at=at(days=29)) == 0
    assert expire_offers(world.session, at=at(days=30)) == 1
    assert (agreement.status, agreement.ended_at) == ("expired", at(days=30))


@pytest.mark.parametrize("step", ["accept", "confirm"])
def test_a_facility_suspended_since_the_match_is_refused_with_the_reason(world: DealWorld, step: str) -> None:
    agreement = world.offered(60)
    if step == "confirm":
        accept(world.session, **act(), agreement=agreement, side="facility")
    before = agreement.status
    facts = {"facility": agreement.facility, "standing": "suspended", "reason": "整改"}
    set_standing(world.session, **act(), **facts)
    side = "facility" if step == "accept" else "generator"
    verb = accept if step == "accept" else confirm
    error = refused("unlawful", verb, session=world.session, **act(), agreement=agreement, side=side)
    assert [found["rule"] for found in error.facts["rules"]] == ["standing"]
    assert "suspended" in error.en
    assert "暂停" in error.zh
    assert agreement.status == before


def test_an_entitlement_that_ended_since_the_offer_is_refused(world: DealWorld) -> None:
    line = world.registry.line(entitlement=world.registry.entitlement(valid_to=date(2026, 9, 10)))
    agreement = world.offered(60, line=line)
    facts = {"agreement": agreement, "side": "facility"}
    error = refused("unlawful", accept, session=world.session, **act(days=10), **facts)
    assert [found["rule"] for found in error.facts["rules"]] == ["licence_validity"]


def test_a_withdrawn_window_takes_no_new_acceptance(world: DealWorld) -> None:
    window = world.registry.window(100)
    agreement = world.offered(60, window=window)
    withdraw_capacity(world.session, **act(), window=window)
    facts = {"agreement": agreement, "side": "facility"}
    error = refused("withdrawn", accept, session=world.session, **act(), **facts)
    assert error.facts == {"what": "window", "id": window.public_id}


@pytest.mark.parametrize(
    ("facts", "field", "rule"),
    [
        ({"mass_kg": 0}, "mass_kg", "out_of_range"),
        ({"valid_to": date(2026, 8, 31)}, "valid_to", "dates_reversed"),
        ({"valid_from": date(2026, 1, 1), "valid_to": date(2026, 8, 31)}, "valid_to", "over"),
        ({"valid_to": date(2201, 1, 1)}, "valid_to", "out_of_range"),
        ({"period_mass_kg": 100_001}, "period_mass_kg", "out_of_range"),
        ({"lot": "gift"}, "lot", "unknown_word"),
        ({"cadence": "hourly"}, "cadence", "unknown_word"),
        ({"settles": "guessed"}, "settles", "unknown_word"),
        ({"reference_moisture_permille": 1001}, "reference_moisture_permille", "out_of_range"),
        ({"price_kind": "barter"}, "price_kind", "unknown_word"),
        ({"price": {"fixed": 1, "tip": 2}}, "price.tip", "unknown_field"),
        ({"price_kind": "stepped", "price": {"steps": [[10, 5]]}}, "price.steps", "steps_not_rising"),
        ({"price_kind": "stepped", "price": {"steps": "5"}}, "price.steps", "malformed_steps"),
        ({"price_kind": "formula", "price": {"formula": "x"}}, "price.base", "not_a_number"),
    ],
)
def test_what_cannot_be_terms_is_refused_with_its_field(
    world: DealWorld, facts: dict[str, Any], field: str, rule: str
) -> None:
    with pytest.raises(BadInput) as error:
        world.offered(100, with_terms=facts)
    assert (field, rule) in [(problem.column, problem.rule) for problem in error.value.problems]


def test_each_step_is_told_to_the_chain_with_who_took_it(world: DealWorld) -> None:
    agreement = world.agreed(60)
    events = world.session.query(AuditEvent).filter_by(subject_id=agreement.public_id).all()
    assert [event.action for event in events] == [
        "agreement.offered",
        "agreement.accepted",
        "agreement.agreed",
    ]
    assert [event.facts["side"] for event in events] == ["generator", "facility", "generator"]
    assert {event.actor_name for event in events} == {ACTOR.name}
