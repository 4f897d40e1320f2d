"""A proposal answered: it opens a deal, follows it, and stays advice until both sides have agreed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from deal_world import DECEMBER, SEPTEMBER, DealWorld, act, at, terms
from registry import ANHUI, Registry, T

from circularity.audit import AuditEvent
from circularity.deals.offers import accept, confirm, decline, expire_offers, lapse_reservations
from circularity.deals.proposals import (
    answer_proposal,
    decline_proposal,
    expire_proposals,
    proposed_terms,
    stands_until,
)
from circularity.deals.reservations import left_kg
from circularity.errors import BadInput, RuleBroken


@pytest.fixture
def world(registry: Registry) -> DealWorld:
    return DealWorld(registry)


@pytest.mark.parametrize(("first", "second"), [("generator", "facility"), ("facility", "generator")])
def test_two_acceptances_make_a_proposal_an_agreement(world: DealWorld, first: str, second: str) -> None:
    proposal = world.proposal(world.registry.output(80))
    agreement = answer_proposal(world.session, **act(), proposal=proposal, side=first, terms=None)
    assert (agreement.status, proposal.status) == (f"accepted_by_{first}", "countered")
    assert (agreement.source, agreement.offer.mass_kg) == ("proposal", 80 * T)
    assert left_kg(world.session, "output", proposal.output) == 0
    assert left_kg(world.session, "window", proposal.window) == (100 - 80) * T
    confirm(world.session, **act(hours=1), agreement=agreement, side=second)
    assert (agreement.status, proposal.status) == ("agreed", "agreed")


def test_whoever_accepted_first_cannot_confirm_alone(world: DealWorld) -> None:
    proposal = world.proposal()
    agreement = answer_proposal(world.session, **act(), proposal=proposal, side="generator", terms=None)
    with pytest.raises(RuleBroken) as error:
        confirm(world.session, **act(), agreement=agreement, side="generator")
    assert error.value.code == "illegal_step"


def test_a_counter_reserves_nothing_until_it_is_accepted(world: DealWorld) -> None:
    proposal = world.proposal()
    trial = terms(5, lot="trial", cadence="weekly", price={"fixed": -20_000})
    agreement = answer_proposal(world.session, **act(), proposal=proposal, side="facility", terms=trial)
    assert (agreement.status, agreement.offer.made_by) == ("offered_by_facility", "facility")
    assert left_kg(world.session, "window", proposal.window) == 100 * T
    accept(world.session, **act(), agreement=agreement, side="generator")
    assert left_kg(world.session, "window", proposal.window) == 95 * T


def test_a_proposal_is_answered_once(world: DealWorld) -> None:
    proposal = world.proposal()
    answer_proposal(world.session, **act(), proposal=proposal, side="generator", terms=None)
    for side in ("generator", "facility"):
        with pytest.raises(RuleBroken) as error:
            answer_proposal(world.session, **act(), proposal=proposal, side=side, terms=None)
        assert error.value.code == "illegal_step"


def test_its_terms_are_its_mass_its_days_and_the_price_at_the_gate(world: DealWorld) -> None:
    # 30 CNY/t asked, which a run keeps as a negative part of the cost, and 12 CNY/t charged.
    proposal = world.proposal(price_ucny_per_kg=-30_000, gate_fee_ucny_per_kg=12_000)
    found = proposed_terms(proposal)
    assert (found.mass_kg, found.valid_from, found.valid_to) == (100 * T, SEPTEMBER, DECEMBER)
    assert found.price == {"fixed": 30_000 - 12_000}
    assert proposed_terms(world.proposal()).price == {"fixed": None}


def test_a_proposal_without_an_end_ends_with_its_year(world: DealWorld) -> None:
    assert proposed_terms(world.proposal(latest=None)).valid_to == date(2026, 12, 31)


def test_declining_a_proposal_says_no_reason_and_cannot_be_undone(world: DealWorld) -> None:
    proposal = world.proposal()
    decline_proposal(world.session, **act(), proposal=proposal, side="facility")
    assert proposal.status == "declined"
    told = world.session.query(AuditEvent).filter_by(action="proposal.declined").one()
    assert told.facts == {"side": "facility"}
    with pytest.raises(RuleBroken):
        answer_proposal(world.session, **act(), proposal=proposal, side="facility", terms=None)


def test_declining_the_deal_declines_its_proposal(world: DealWorld) -> None:
    proposal = world.proposal()
    agreement = answer_proposal(world.session, **act(), proposal=proposal, side="generator", terms=None)
    with pytest.raises(RuleBroken) as error:
        decline_proposal(world.session, **act(), proposal=proposal, side="facility")
    assert error.value.code == "deal_under_way"
    decline(world.session, **act(), agreement=agreement, side="facility")
    assert (agreement.status, proposal.status) == ("declined", "declined")
    assert left_kg(world.session, "output", proposal.output) == 100 * T


def test_a_deal_that_nobody_finishes_opens_its_proposal_again(world: DealWorld) -> None:
    proposal = world.proposal()
    first = answer_proposal(world.session, **act(), proposal=proposal, side="generator", terms=None)
    assert lapse_reservations(world.session, at=at(hours=72)) == 1
    assert expire_offers(world.session, at=at(days=30)) == 1
    assert (first.status, proposal.status) == ("expired", "open")
    answer_proposal(world.session, **act(days=31), proposal=proposal, side="facility", terms=None)
    assert proposal.status == "countered"


def test_a_proposal_that_no_window_has_room_for_any_more_stays_open(world: DealWorld) -> None:
    window = world.registry.window(100)
    one, other = world.proposal(window=window), world.proposal(window=window)
    answer_proposal(world.session, **act(), proposal=one, side="generator", terms=None)
    world.session.commit()
    with pytest.raises(RuleBroken) as error:
        answer_proposal(world.session, **act(), proposal=other, side="generator", terms=None)
    world.session.rollback()
    assert (error.value.code, other.status) == ("full", "open")


def test_old_proposals_expire_and_those_under_way_do_not(world: DealWorld) -> None:
    under_way, waiting = world.proposal(), world.proposal()
    short = world.proposal(latest=date(2026, 9, 5))
    answer_proposal(world.session, **act(), proposal=under_way, side="generator", terms=None)
    assert stands_until(world.session, waiting) == at(days=30)
    assert expire_proposals(world.session, at=at(days=4)) == 0
    assert expire_proposals(world.session, at=at(days=5)) == 1
    assert expire_proposals(world.session, at=at(days=30)) == 1
    assert [p.status for p in (short, waiting, under_way)] == ["expired", "expired", "countered"]


def test_a_side_that_is_none_is_refused(world: DealWorld) -> None:
    with pytest.raises(BadInput):
        answer_proposal(world.session, **act(), proposal=world.proposal(), side="authority", terms=None)


def crossing(world: DealWorld, limit_t: int) -> Any:
    """A proposal from Anhui to Shanghai that a limited record of its sender frees."""
    output, window = world.registry.output(80, place=ANHUI), world.registry.window(100)
    world.session.flush()
    facts = {"origin_region": "34", "output_organisation": output.site.organisation, "limit_kg": limit_t * T}
    grant = world.registry.grant(window.line.entitlement.facility, **facts)
    return world.proposal(output, window, grant=grant)


def test_the_grant_that_a_run_counted_on_is_reserved_and_hangs_on_the_agreement(world: DealWorld) -> None:
    proposal = crossing(world, 90)
    agreement = answer_proposal(world.session, **act(), proposal=proposal, side="generator", terms=None)
    assert left_kg(world.session, "grant", proposal.grant) == 10 * T
    confirm(world.session, **act(), agreement=agreement, side="facility")
    assert [(row.kind, row.grant) for row in agreement.procedures] == [("general_record", proposal.grant)]


def test_a_grant_without_room_is_a_limit_like_any_other(world: DealWorld) -> None:
    proposal = crossing(world, 79)
    with pytest.raises(RuleBroken) as error:
        answer_proposal(world.session, **act(), proposal=proposal, side="generator", terms=None)
    assert (error.value.code, error.value.facts["kind"]) == ("full", "grant")
