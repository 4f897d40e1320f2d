"""What a facility may take changes when the authority of its region confirms it, and not before."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from listing_world import ListingWorld
from registry import Registry, T
from sqlalchemy import select

from circularity.audit import AuditEvent
from circularity.errors import BadInput, NotAllowed, RuleBroken
from circularity.registry.entitlements import EntitlementLine
from circularity.whitelist.entitlement_changes import EntitlementChange
from circularity.whitelist.entitlement_requests import (
    confirm_change,
    refuse_change,
    request_change,
    withdraw_change,
)


@pytest.fixture
def world(registry: Registry) -> ListingWorld:
    return ListingWorld(registry)


def _asked(world: ListingWorld, kind: str = "line_limit", **facts: Any) -> EntitlementChange:
    defaults: dict[str, Any] = {
        "by": world.owner,
        "entitlement": world.line.entitlement,
        "line": world.line if kind == "line_limit" else None,
        "wanted": {"annual_limit_kg": 60_000 * T},
        "document": "苏环审 1 号",
        "reason": "技改",
    }
    return request_change(**world.act(), kind=kind, **(defaults | facts))


def _confirm(world: ListingWorld, change: EntitlementChange) -> None:
    confirm_change(**world.act(), by=world.jiangsu, change=change, answer="核实无误")


def test_a_limit_counts_once_it_is_confirmed_and_keeps_what_was_before(world: ListingWorld) -> None:
    change = _asked(world)
    assert (world.line.annual_limit_kg, change.before) == (100_000 * T, {"annual_limit_kg": 100_000 * T})
    _confirm(world, change)
    assert (world.line.annual_limit_kg, change.status) == (60_000 * T, "confirmed")
    event = world.registry.session.scalars(select(AuditEvent).filter_by(action="entitlement.changed")).one()
    assert event.facts["before"] == {"annual_limit_kg": 100_000 * T}
    assert event.facts["now"] == {"annual_limit_kg": 60_000 * T}


def test_what_was_confirmed_binds_the_next_deal(world: ListingWorld) -> None:
    _confirm(world, _asked(world, wanted={"annual_limit_kg": 50 * T}))
    with pytest.raises(RuleBroken) as refused:
        world.agreed(51)
    assert (refused.value.code, refused.value.facts["kind"]) == ("full", "line")


def test_declared_capacity_above_a_lower_limit_is_fitted_to_it(world: ListingWorld) -> None:
    above = world.registry.window(80, world.line, received_kg=30 * T)
    below = world.registry.window(40, world.line)
    _confirm(world, _asked(world, wanted={"annual_limit_kg": 50 * T}))
    assert (above.permitted_kg, above.offered_kg) == (50 * T, 20 * T)
    assert (below.permitted_kg, below.offered_kg) == (40 * T, 40 * T)


def test_what_a_window_took_elsewhere_stays_when_the_limit_falls_below_it(world: ListingWorld) -> None:
    window = world.registry.window(80, world.line, received_kg=60 * T)
    _confirm(world, _asked(world, wanted={"annual_limit_kg": 50 * T}))
    assert (window.permitted_kg, window.received_kg, window.offered_kg) == (60 * T, 60 * T, 0)


def test_validity_changes_and_a_line_is_added(world: ListingWorld) -> None:
    days = {"valid_from": date(2026, 1, 1), "valid_to": date(2030, 12, 31)}
    _confirm(world, _asked(world, "validity", wanted=days))
    assert (world.line.entitlement.valid_from, world.line.entitlement.valid_to) == tuple(days.values())
    line = {"waste_pattern": "HW17", "operation": "R4", "annual_limit_kg": 5 * T}
    _confirm(world, _asked(world, "new_line", wanted=line))
    world.registry.session.flush()
    added = world.registry.session.scalars(select(EntitlementLine).filter_by(waste_pattern="HW17")).one()
    assert (added.operation, added.annual_limit_kg) == ("R4", 5 * T)


def test_no_line_is_confirmed_above_its_entitlement(world: ListingWorld) -> None:
    with pytest.raises(RuleBroken) as refused:
        _confirm(world, _asked(world, "annual_limit", wanted={"annual_limit_kg": 99_999 * T}))
    assert refused.value.code == "line_above_entitlement"
    assert world.line.entitlement.annual_limit_kg is None


def test_only_the_owner_asks_and_only_the_authority_of_the_region_answers(world: ListingWorld) -> None:
    with pytest.raises(NotAllowed):
        _asked(world, by=world.jiangsu)
    change = _asked(world)
    for by in (world.owner, world.shanghai):
        with pytest.raises(NotAllowed):
            confirm_change(**world.act(), by=by, change=change, answer="x")
        with pytest.raises(NotAllowed):
            refuse_change(**world.act(), by=by, change=change, answer="x")
    assert change.status == "requested"


def test_a_refused_or_withdrawn_change_changes_nothing_and_frees_the_next(world: ListingWorld) -> None:
    first = _asked(world)
    with pytest.raises(RuleBroken, match="waiting already"):
        _asked(world)
    with pytest.raises(BadInput):
        refuse_change(**world.act(), by=world.jiangsu, change=first, answer=" ")
    refuse_change(**world.act(), by=world.jiangsu, change=first, answer="无依据")
    second = _asked(world)
    withdraw_change(**world.act(), by=world.owner, change=second)
    with pytest.raises(RuleBroken):
        _confirm(world, second)
    assert (first.status, second.status) == ("refused", "withdrawn")
    assert world.line.annual_limit_kg == 100_000 * T


def test_malformed_wishes_are_refused(world: ListingWorld) -> None:
    reversed_days = {"valid_from": date(2030, 1, 1), "valid_to": date(2026, 1, 1)}
    with pytest.raises(BadInput):
        _asked(world, "validity", wanted=reversed_days)
    with pytest.raises(BadInput):
        _asked(world, "new_line", wanted={"waste_pattern": "??", "operation": "R4"})
    with pytest.raises(BadInput):
        _asked(world, "smell")
    with pytest.raises(RuleBroken):
        _asked(world, line=None)
