"""Planned rates count what deals hold beside what a run proposes, so that agreeing never lowers them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from deal_world import DealWorld, act, terms
from registry import ACTOR, AT, JIANGSU, Registry, T
from sqlalchemy import Engine, select

from circularity.database import writing
from circularity.deals.agreements import ask_to_end, end_agreement, ship, suspend
from circularity.deals.contract import Agreement
from circularity.deals.offers import accept, confirm, decline
from circularity.deals.proposals import answer_proposal
from circularity.rates.planned import PlannedRate, planned_rates
from circularity.rates.planned_mass import KEYS, STAGES, masses_by_stage, planned_masses
from circularity.rates.told_planned import COVERAGE, RATE
from circularity.rates.told_planned import STAGES as TOLD_STAGES
from circularity.runs.stored import Proposal, Unmatched, latest_run
from matching.database.run import run_matching


@pytest.fixture
def world(registry: Registry) -> DealWorld:
    return DealWorld(registry)


def general(world: DealWorld, region: str | None = None) -> PlannedRate:
    world.session.flush()
    return planned_rates(world.session, world.run, region=region)[0]


def stages(world: DealWorld) -> dict[str, int]:
    """Whole tonnes at each stage."""
    world.session.flush()
    found: dict[str, int] = {}
    for mass in planned_masses(world.session, world.run):
        found[mass.stage] = found.get(mass.stage, 0) + mass.mass_kg
    return {stage: kg // T for stage, kg in found.items()}


def half_placed(world: DealWorld, **facts: Any) -> Proposal:
    """A works that generates 200 t, posts 100 of them, and of these 60 find an outlet."""
    output = world.registry.output(100)
    world.registry.declaration(output.site, 200)
    rest = {"mass_kg": 40 * T, "reason": "capacity", "slack_unit": "", "change_zh": "", "change_en": ""}
    world.session.add(Unmatched(run=world.run, output=output, excluded={}, **rest))
    return world.proposal(output, mass_kg=60 * T, **facts)


def deal_of(world: DealWorld, proposal: Proposal, tonnes: int | None = None) -> Agreement:
    """Both sides say yes to a proposal, or to other tonnes."""
    if tonnes is None:
        made = answer_proposal(world.session, **act(), proposal=proposal, side="facility", terms=None)
    else:
        made = answer_proposal(
            world.session, **act(), proposal=proposal, side="generator", terms=terms(tonnes)
        )
        accept(world.session, **act(), agreement=made, side="facility")
    confirm(world.session, **act(), agreement=made, side="generator")
    return made


def test_a_deal_made_out_of_a_proposal_leaves_the_planned_rate_equal_at_every_step(world: DealWorld) -> None:
    proposal = half_placed(world)
    assert (general(world).rate, stages(world)) == (3000, {"proposed": 60, "left": 40})
    deal = answer_proposal(world.session, **act(), proposal=proposal, side="facility", terms=None)
    assert (general(world).rate, stages(world)) == (3000, {"reserved": 60, "left": 40})
    confirm(world.session, **act(), agreement=deal, side="generator")
    assert (general(world).rate, stages(world)) == (3000, {"agreed": 60, "left": 40})
    balance = general(world).balance
    assert (balance.agreed_kg, balance.reserved_kg, balance.proposed_kg) == (60 * T, 0, 0)
    assert (balance.generated_kg, balance.posted_kg, balance.unposted_kg) == (200 * T, 100 * T, 100 * T)


def test_so_does_the_run_that_follows_and_no_longer_sees_the_mass(engine: Engine) -> None:
    with writing(engine).begin() as session:
        first = Registry(session)
        first.declaration(first.output(100).site, 400)
        first.output(50)
        first.window(130)
    before = _matched(engine)
    with writing(engine).begin() as session:
        proposal = session.scalars(select(Proposal).where(Proposal.mass_kg >= 80 * T)).one()
        deal_of(DealWorld(Registry(session)), proposal)
    after = _matched(engine)
    # 130 t of 100 + 50 find an outlet; 400 t declared by the one, 50 t posted by the other.
    assert before.rate == after.rate == 2889
    assert before.balance.proposed_kg == after.balance.planned_kg == 130 * T
    assert after.balance.proposed_kg == 130 * T - proposal.mass_kg


def _matched(engine: Engine) -> PlannedRate:
    """Match anew; give the general rate of the Delta."""
    run_matching(engine, actor=ACTOR, at=AT)
    with writing(engine)() as session:
        run = latest_run(session)
        assert run is not None
        return planned_rates(session, run)[0]


@pytest.mark.parametrize("tonnes", [1, 59, 60])
def test_agreeing_on_less_leaves_the_rest_proposed(world: DealWorld, tonnes: int) -> None:
    deal_of(world, half_placed(world), tonnes)
    rest = {"proposed": 60 - tonnes} if tonnes < 60 else {}
    assert (general(world).rate, stages(world)) == (3000, {"agreed": tonnes, "left": 40} | rest)


def test_agreeing_on_more_raises_the_rate_and_takes_it_of_what_was_left(world: DealWorld) -> None:
    deal_of(world, half_placed(world), 90)
    assert (general(world).rate, stages(world)) == (4500, {"agreed": 90, "left": 10})


def test_a_deal_with_another_plant_takes_the_lot_from_the_proposal_once(world: DealWorld) -> None:
    proposal = half_placed(world)
    world.agreed(70, output=proposal.output)
    assert (general(world).rate, stages(world)) == (5000, {"agreed": 70, "proposed": 30})
    assert general(world).generated_kg == 200 * T


def test_a_declined_deal_gives_its_mass_back_to_the_run(world: DealWorld) -> None:
    proposal = half_placed(world)
    deal = answer_proposal(world.session, **act(), proposal=proposal, side="facility", terms=None)
    decline(world.session, **act(), agreement=deal, side="generator")
    assert stages(world) == {"proposed": 60, "left": 40}


def test_of_a_deal_that_has_ended_what_was_shipped_counts(world: DealWorld) -> None:
    deal = deal_of(world, half_placed(world))
    ship(world.session, deal, 25 * T)
    ask_to_end(world.session, **act(days=1), agreement=deal, side="generator")
    end_agreement(world.session, **act(days=1), agreement=deal, side="facility")
    assert stages(world) == {"agreed": 25, "left": 75}


def test_what_is_suspended_is_not_in_todays_rate(world: DealWorld) -> None:
    deal = world.agreed(50)
    assert (general(world).rate, general(world).rate_today) == (10_000, 10_000)
    suspend(world.session, **act(), agreement=deal, who="authority", reason="检查")
    assert (general(world).rate, general(world).rate_today) == (10_000, 0)


def test_a_deal_across_provinces_waits_for_the_record_as_its_proposal_did(world: DealWorld) -> None:
    output = world.registry.output(100)
    line = world.registry.line(world.registry.facility(JIANGSU))
    window, waits = world.registry.window(100, line), ("general_record",)
    proposal = world.proposal(output, window, conditions=waits, earliest=date(2026, 10, 1))
    before = general(world)
    deal = answer_proposal(world.session, **act(), proposal=proposal, side="facility", terms=None)
    under_way = general(world)
    confirm(world.session, **act(), agreement=deal, side="generator")
    after = general(world)
    assert [row.kind for row in deal.procedures] == ["general_record"]
    assert {(rate.rate, rate.rate_today) for rate in (before, under_way, after)} == {(10_000, 0)}


def test_a_deal_without_a_lot_counts_what_is_due_in_the_year(world: DealWorld) -> None:
    site = world.registry.site()
    world.registry.declaration(site, 1000)
    days = {"valid_from": date(2026, 10, 1), "valid_to": date(2027, 9, 30)}
    world.agreed(365, site=site, with_terms=days)
    assert general(world).balance.agreed_kg == 92 * T  # October to December
    assert general(world).rate == 920


def test_a_deal_about_a_lot_counts_whole_as_the_lot_did(world: DealWorld) -> None:
    output = world.registry.output(100, available_to=date(2027, 6, 30))
    window = world.registry.window(100, available_to=date(2027, 6, 30))
    proposal = world.proposal(output, window, latest=date(2027, 6, 30))
    deal_of(world, proposal)
    assert stages(world) == {"agreed": 100}


def test_disposal_that_was_agreed_is_accounted_for_and_not_utilised(world: DealWorld) -> None:
    line = world.registry.line(operation="D1")
    world.agreed(50, line=line)
    balance = general(world).balance
    assert (balance.posted_kg, balance.planned_kg, balance.agreed_kg) == (50 * T, 0, 0)


def test_a_deal_is_credited_to_the_region_of_the_sender(world: DealWorld) -> None:
    line = world.registry.line(world.registry.facility(JIANGSU))
    world.agreed(50, line=line)
    assert (general(world, "31").balance.agreed_kg, general(world, "32").balance.agreed_kg) == (50 * T, 0)


def test_what_is_planned_is_told_by_province_stream_and_operation(world: DealWorld) -> None:
    proposal = half_placed(world)
    world.agreed(5)
    world.session.flush()
    nothing = dict.fromkeys(STAGES, 0)
    found = {key: masses_by_stage(world.session, world.run, key) for key in KEYS}
    placed, left = {"agreed": 5 * T, "proposed": 60 * T}, {"left": 40 * T}
    assert found["province"] == {"31": nothing | placed | left}
    assert found["operation"] == {"": nothing | left, proposal.operation: nothing | placed}
    assert list(found["stream"].values()) == [nothing | placed | left]
    assert masses_by_stage(world.session, world.run, "stream", region="32") == {}


def test_stages_are_told_where_each_stands_for_enough(world: DealWorld) -> None:
    assert general(world).told == frozenset(), "of nobody there is nothing to tell"
    for _ in range(3):
        world.agreed(5)
    assert general(world).told == {RATE, TOLD_STAGES, COVERAGE}
    half_placed(world)
    assert general(world).told == frozenset(), "what is not utilised is one generator's alone"


def test_an_offer_alone_holds_nothing(world: DealWorld) -> None:
    world.offered(50)
    assert stages(world) == {}
