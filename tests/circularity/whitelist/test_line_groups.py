"""Lines of an entitlement that share a yearly limit: confirmed by the authority, counted everywhere."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from listing_world import ListingWorld
from registry import ACID, ACTOR, AT, Registry, T
from sqlalchemy import Engine, func, select

from circularity.audit import AuditEvent
from circularity.database import writing
from circularity.errors import BadInput, NotAllowed, RuleBroken
from circularity.rates.capacity_used import capacity_used
from circularity.registry.capacity import restate_outside, restatements_of
from circularity.registry.entitlements import EntitlementLine, LineGroup
from circularity.runs.stored import Proposal
from circularity.whitelist.entitlement_changes import EntitlementChange
from circularity.whitelist.entitlement_requests import confirm_change, request_change
from matching.database.run import run_matching

SLUDGE = "336-052-17"


@pytest.fixture
def world(registry: Registry) -> ListingWorld:
    return ListingWorld(registry)


def sludge_line(world: ListingWorld) -> EntitlementLine:
    """A second line of the same licence: surface-treatment sludge."""
    facts = {"waste_pattern": "HW17", "operation": "R4", "annual_limit_kg": 80_000 * T}
    made = world.registry.line(entitlement=world.line.entitlement, **facts)
    world.registry.session.flush()
    return made


def ask(world: ListingWorld, kind: str, **facts: Any) -> EntitlementChange:
    texts = {"document": "苏环审 2 号", "reason": "两类合计"}
    about = {"by": world.owner, "entitlement": world.line.entitlement}
    return request_change(**world.act(), **about, kind=kind, **texts, **facts)


def together(world: ListingWorld, tonnes: int) -> tuple[EntitlementLine, LineGroup]:
    """Acid and sludge share a limit, asked for and confirmed."""
    second = sludge_line(world)
    lines = [world.line.public_id, second.public_id]
    change = ask(world, "new_group", wanted={"lines": lines, "annual_limit_kg": tonnes * T})
    assert world.line.entitlement.groups == [], "nothing counts before it is confirmed"
    confirm_change(**world.act(), by=world.jiangsu, change=change, answer="核实")
    return second, world.line.entitlement.groups[0]


def sludge_deal(world: ListingWorld, line: EntitlementLine, tonnes: int) -> None:
    world.agreed(tonnes, line=line, waste_code=SLUDGE, operation="R4")


def test_deals_on_both_lines_together_never_exceed_what_they_share(world: ListingWorld) -> None:
    second, group = together(world, 100)
    world.agreed(60)
    with pytest.raises(RuleBroken) as refused:
        sludge_deal(world, second, 41)
    facts = refused.value.facts
    assert (refused.value.code, facts["kind"], facts["subject"]) == ("full", "group", group.public_id)
    assert (facts["left_kg"], facts["year"]) == (40 * T, 2026)
    sludge_deal(world, second, 40)


def test_a_changed_shared_limit_binds_at_once_and_a_lifted_one_no_more(world: ListingWorld) -> None:
    second, group = together(world, 100)
    change = ask(world, "group_limit", group=group, wanted={"annual_limit_kg": 50 * T})
    assert change.before == {"annual_limit_kg": 100 * T}
    confirm_change(**world.act(), by=world.jiangsu, change=change, answer="核减")
    with pytest.raises(RuleBroken):
        sludge_deal(world, second, 51)
    lifted = ask(world, "group_limit", group=group, wanted={"annual_limit_kg": None})
    confirm_change(**world.act(), by=world.jiangsu, change=lifted, answer="取消")
    sludge_deal(world, second, 51)


def test_capacity_is_declared_within_a_shared_limit_and_fitted_to_a_new_one(
    world: ListingWorld,
) -> None:
    window = world.registry.window(500, world.line)
    together(world, 100)
    assert (window.permitted_kg, window.offered_kg) == (100 * T, 100 * T)
    with pytest.raises(RuleBroken) as refused:
        world.registry.window(101, world.line)
    assert refused.value.code == "permitted_above_group"


def test_a_shared_limit_is_of_two_lines_of_one_entitlement_and_not_above_it(world: ListingWorld) -> None:
    second, _ = together(world, 100)
    one = {"lines": [second.public_id], "annual_limit_kg": T}
    with pytest.raises(BadInput):
        ask(world, "new_group", wanted=one)
    other = world.registry.line()
    world.registry.session.flush()
    with pytest.raises(BadInput):
        ask(world, "new_group", wanted={"lines": [second.public_id, other.public_id], "annual_limit_kg": T})
    again = {"lines": [world.line.public_id, second.public_id], "annual_limit_kg": T}
    change = ask(world, "new_group", wanted=again)
    with pytest.raises(RuleBroken) as refused:
        confirm_change(**world.act(), by=world.jiangsu, change=change, answer="重复")
    assert refused.value.code == "group_known"


def test_a_run_places_on_lines_together_no_more_than_they_share(engine: Engine) -> None:
    with writing(engine).begin() as session:
        world = ListingWorld(Registry(session))
        second, _ = together(world, 100)
        _, third = (
            second,
            world.registry.line(
                entitlement=world.line.entitlement, waste_pattern="HW22", operation="R4", annual_limit_kg=None
            ),
        )
        session.flush()
        crossing = [second.public_id, third.public_id]
        change = ask(world, "new_group", wanted={"lines": crossing, "annual_limit_kg": 70 * T})
        confirm_change(**world.act(), by=world.jiangsu, change=change, answer="核实")
        wastes = ((world.line, ACID, "HW34"), (second, SLUDGE, "HW17"), (third, "304-001-22", "HW22"))
        for line, code, pattern in wastes:
            world.registry.output(90, code, site=world.works)
            world.registry.window(70, line)
            world.registry.grant(world.plant, kind="hazardous_approval", waste_pattern=pattern)
    run_matching(engine, actor=ACTOR, at=AT)
    with writing(engine)() as session:
        lines = select(Proposal).where(Proposal.status == "open")
        placed = {row.window.line.waste_pattern: row.mass_kg for row in session.scalars(lines)}
        total = session.scalar(select(func.sum(Proposal.mass_kg)))
    assert placed["HW34"] + placed.get("HW17", 0) <= 100 * T
    assert placed.get("HW17", 0) + placed["HW22"] <= 70 * T
    assert total == 140 * T, "acid 70 t and 70 t of the other two is the most that both limits allow"


def test_the_use_of_a_shared_limit_is_told_beside_those_of_its_lines(world: ListingWorld) -> None:
    _, group = together(world, 100)
    world.registry.window(50, world.line, received_kg=85 * T, permitted_kg=100 * T)
    world.registry.session.flush()
    (use,) = [use for use in capacity_used(world.registry.session, AT.date()) if use.kind == "group"]
    assert (use.group, use.permitted_kg, use.received_kg, use.warning) == (group, 100 * T, 85 * T, 80)


def test_two_windows_of_one_line_promise_no_more_than_the_line(world: ListingWorld) -> None:
    change = ask(world, "line_limit", line=world.line, wanted={"annual_limit_kg": 100 * T})
    confirm_change(**world.act(), by=world.jiangsu, change=change, answer="核实")
    first, second = world.registry.window(100, world.line), world.registry.window(100, world.line)
    world.agreed(70, window=first)
    with pytest.raises(RuleBroken) as refused:
        world.agreed(31, window=second)
    assert (refused.value.facts["kind"], refused.value.facts["left_kg"]) == ("line", 30 * T)
    world.agreed(30, window=second)


def test_what_was_taken_outside_is_stated_anew_by_the_facility_and_counts(world: ListingWorld) -> None:
    window = world.registry.window(100, world.line, available_from=date(2026, 1, 1))
    world.registry.session.flush()
    masses = {"received_kg": 30 * T, "committed_kg": 20 * T}
    about = {"window": window, "reason": "上半年线下接收"}
    with pytest.raises(NotAllowed):
        restate_outside(**world.act(), by=world.jiangsu, **about, **masses)
    restate_outside(**world.act(), by=world.owner, **about, **masses)
    assert (window.received_kg, window.committed_kg, window.offered_kg) == (30 * T, 20 * T, 50 * T)
    with pytest.raises(RuleBroken) as refused:
        world.agreed(51, window=window)
    assert refused.value.facts["kind"] == "window"
    with pytest.raises(RuleBroken) as above:
        restate_outside(**world.act(), by=world.owner, **about, received_kg=90 * T, committed_kg=20 * T)
    assert above.value.code == "above_permitted"
    (event,) = restatements_of(world.registry.session, world.line.entitlement)
    assert (event.facts["before"]["received_kg"], event.facts["reason"]) == (0, "上半年线下接收")
    assert isinstance(event, AuditEvent)


def test_what_deals_hold_stays_when_more_was_taken_outside_and_new_ones_stop(world: ListingWorld) -> None:
    window = world.registry.window(100, world.line)
    world.agreed(80, window=window)
    about = {"window": window, "reason": "线下"}
    restate_outside(**world.act(), by=world.owner, **about, received_kg=50 * T, committed_kg=0)
    assert window.offered_kg == 50 * T
    with pytest.raises(RuleBroken) as refused:
        world.agreed(1, window=window)
    assert refused.value.facts["left_kg"] == 0
