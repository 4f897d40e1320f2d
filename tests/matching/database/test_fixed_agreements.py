"""A run takes agreements as they are: what deals hold is neither offered nor looked for again."""

from __future__ import annotations

from datetime import date

import pytest
from deal_world import DealWorld, act, at
from registry import ACTOR, AT, SHANGHAI, Registry, T
from sqlalchemy import Engine, select

from circularity.database import writing
from circularity.deals.offers import accept, decline
from circularity.deals.proposals import answer_proposal
from circularity.runs.stored import MatchingRun, Proposal
from circularity.units import MISSING
from matching.database.run import run_matching
from matching.database.snapshot import Snapshot, parameters_at, read_snapshot


@pytest.fixture
def world(registry: Registry) -> DealWorld:
    return DealWorld(registry)


def snapshot(world: DealWorld) -> Snapshot:
    return read_snapshot(world.session, parameters_at(AT))


def test_what_is_reserved_or_committed_leaves_lot_and_window(world: DealWorld) -> None:
    output, window = world.registry.output(100), world.registry.window(90)
    agreement = world.offered(60, output=output, window=window)
    assert snapshot(world).case.outputs.mass_kg.tolist() == [100 * T]
    accept(world.session, **act(), agreement=agreement, side="facility")
    case = snapshot(world).case
    assert (case.outputs.mass_kg.tolist(), case.capacities.capacity_kg.tolist()) == ([40 * T], [30 * T])
    decline(world.session, **act(), agreement=agreement, side="facility")
    case = snapshot(world).case
    assert (case.outputs.mass_kg.tolist(), case.capacities.capacity_kg.tolist()) == ([100 * T], [90 * T])


def test_a_lot_that_is_all_given_away_is_not_in_the_case(world: DealWorld) -> None:
    output = world.registry.output(60)
    world.agreed(60, output=output)
    assert snapshot(world).output_keys == {}


def test_the_plan_of_a_lot_shrinks_with_it_and_an_unknown_plan_stays_unknown(world: DealWorld) -> None:
    planned = world.registry.output(100, plan_mass_kg=50 * T)
    unplanned = world.registry.output(100)
    for output in (planned, unplanned):
        world.agreed(60, output=output)
    assert sorted(snapshot(world).case.outputs.plan_mass_kg.tolist()) == [MISSING, 0]


def test_a_direct_deal_without_a_window_is_off_the_lines_year(world: DealWorld) -> None:
    line = world.registry.line(annual_limit_kg=100 * T)
    world.registry.window(90, line)
    world.agreed(60, line=line)
    taken = snapshot(world)
    assert taken.case.capacities.capacity_kg.tolist() == [90 * T]
    assert [cap.limit_kg for cap in taken.case.caps] == [(100 - 60) * T]


def test_a_deal_on_a_window_counts_once_against_its_line(world: DealWorld) -> None:
    line = world.registry.line(annual_limit_kg=100 * T)
    window = world.registry.window(90, line)
    world.registry.window(90, line)
    world.agreed(60, window=window)
    taken = snapshot(world)
    assert sorted(taken.case.capacities.capacity_kg.tolist()) == [30 * T, 90 * T]
    assert [cap.limit_kg for cap in taken.case.caps] == [(100 - 60) * T]


def test_of_two_years_the_fuller_one_decides(world: DealWorld) -> None:
    line = world.registry.line(annual_limit_kg=100 * T)
    world.registry.window(90, line, available_to=date(2027, 12, 31))
    for year, tonnes in ((2026, 20), (2027, 50)):
        days = {"valid_from": date(year, 12, 1), "valid_to": date(year, 12, 31)}
        world.agreed(tonnes, line=line, with_terms=days)
    assert [cap.limit_kg for cap in snapshot(world).case.caps] == [(100 - 50) * T]


def test_a_quota_offers_what_deals_have_left(world: DealWorld) -> None:
    facility = world.registry.facility()
    licence = world.registry.licence(facility)
    line = world.registry.line(entitlement=licence, waste_pattern="HW34", operation="R6")
    world.registry.window(90, line)
    world.registry.listing(facility, quota_kg=50 * T, accepted_origins=("31",))
    site = world.registry.site(SHANGHAI)
    world.agreed(30, line=line, site=site, waste_code="398-007-34", operation="R6")
    quotas = [cap.limit_kg for cap in snapshot(world).case.caps if cap.origin_region]
    assert quotas == [20 * T]


def test_a_later_run_leaves_what_is_under_way_alone_and_proposes_only_the_rest(engine: Engine) -> None:
    with writing(engine).begin() as session:
        world = DealWorld(Registry(session))
        world.registry.output(100)
        world.registry.output(100)
        world.registry.window(150)
    run_matching(engine, actor=ACTOR, at=AT)
    with writing(engine).begin() as session:
        proposals = session.scalars(select(Proposal).order_by(Proposal.mass_kg)).all()
        assert [proposal.mass_kg for proposal in proposals] == [50 * T, 100 * T]
        whole = proposals[1]
        answer_proposal(session, **act(), proposal=whole, side="generator", terms=None)
        answered = whole.public_id
    run_matching(engine, actor=ACTOR, at=at(hours=1))
    with writing(engine)() as session:
        old, new = session.scalars(select(MatchingRun).order_by(MatchingRun.id)).all()
        states = {
            (proposal.run_id == old.id, proposal.until_run_id, proposal.status, proposal.mass_kg)
            for proposal in session.scalars(select(Proposal))
        }
        assert states == {(True, new.id, "countered", 100 * T), (True, None, "open", 50 * T)}
        assert session.scalar(select(Proposal.status).filter_by(public_id=answered)) == "countered"
        assert (new.supply_kg, new.placed_kg) == (100 * T, 50 * T)
