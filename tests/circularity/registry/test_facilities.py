"""Facilities, what entitles them, what they offer, and the lists they stand on."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from registry import Registry

from circularity.audit import AuditEvent
from circularity.errors import BadInput, RuleBroken
from circularity.registry.capacity import offered_kg, withdraw_capacity
from circularity.registry.facilities import set_standing


def test_offered_is_what_remains_of_the_permitted(registry: Registry) -> None:
    window = registry.window(100, received_kg=30_000, committed_kg=20_000)
    assert window.offered_kg == 100_000 - 30_000 - 20_000


def test_stop_days_take_their_share_of_what_remains(registry: Registry) -> None:
    september = {"available_from": date(2026, 9, 1), "available_to": date(2026, 9, 30)}
    window = registry.window(100, received_kg=10_000, stop_days=10, **september)
    assert window.offered_kg == 90_000 * (30 - 10) // 30


def test_a_kilogram_that_does_not_divide_is_not_offered() -> None:
    assert offered_kg(100, days=3, stop_days=1) == 66


def test_a_window_that_stops_all_its_days_offers_nothing() -> None:
    assert offered_kg(100, days=30, stop_days=30) == 0


def test_received_and_committed_above_the_permitted_are_refused(registry: Registry) -> None:
    with pytest.raises(RuleBroken) as error:
        registry.window(100, received_kg=60_000, committed_kg=40_001)
    assert (error.value.code, error.value.facts["field"]) == ("above_permitted", "received_kg")


def test_no_window_is_permitted_more_than_its_line(registry: Registry) -> None:
    line = registry.line(annual_limit_kg=99_000)
    with pytest.raises(RuleBroken) as error:
        registry.window(100, line)
    assert error.value.code == "permitted_above_line"


def test_no_window_is_permitted_more_than_its_entitlement(registry: Registry) -> None:
    line = registry.line(entitlement=registry.entitlement(annual_limit_kg=99_000))
    with pytest.raises(RuleBroken) as error:
        registry.window(100, line)
    assert error.value.code == "permitted_above_entitlement"


def test_no_line_is_allowed_more_than_its_entitlement(registry: Registry) -> None:
    with pytest.raises(RuleBroken) as error:
        registry.line(entitlement=registry.entitlement(annual_limit_kg=10), annual_limit_kg=11)
    assert error.value.code == "line_above_entitlement"


def test_the_same_number_of_the_same_issuer_is_one_entitlement(registry: Registry) -> None:
    registry.entitlement(number="A-1", issuer="甲局")
    registry.entitlement(number="A-1", issuer="乙局")
    with pytest.raises(RuleBroken) as error:
        registry.entitlement(number="A-1", issuer="甲局")
    assert (error.value.code, error.value.facts["field"]) == ("entitlement_taken", "number")


def test_an_unstated_gate_fee_is_the_lines(registry: Registry) -> None:
    line = registry.line(gate_fee_ucny_per_kg=45_000)
    assert registry.window(1, line).gate_fee_ucny_per_kg == 45_000
    assert registry.window(1, line, gate_fee_ucny_per_kg=-1).gate_fee_ucny_per_kg == -1


@pytest.mark.parametrize(
    ("facts", "field", "rule"),
    [
        ({"available_to": date(2026, 8, 31)}, "available_to", "dates_reversed"),
        ({"available_to": None, "stop_days": 3}, "stop_days", "open_period"),
        ({"stop_days": 123}, "stop_days", "out_of_range"),
        ({"permitted_kg": -1}, "permitted_kg", "out_of_range"),
        ({"visibility": "nobody"}, "visibility", "unknown_word"),
    ],
)
def test_what_cannot_be_a_window_is_refused_with_its_field(
    registry: Registry, facts: dict[str, Any], field: str, rule: str
) -> None:
    with pytest.raises(BadInput) as error:
        registry.window(**facts)
    assert (field, rule) in [(p.column, p.rule) for p in error.value.problems]


@pytest.mark.parametrize(
    ("facts", "field", "rule"),
    [
        ({"waste_pattern": "SW99"}, "waste_pattern", "malformed_pattern"),
        ({"operation": "magic"}, "operation", "unknown_operation"),
        ({"limits_min": {"ph": 9}, "limits_max": {"ph": 5}}, "limits_min.ph", "limits_reversed"),
    ],
)
def test_what_cannot_be_a_line_is_refused_with_its_field(
    registry: Registry, facts: dict[str, Any], field: str, rule: str
) -> None:
    with pytest.raises(BadInput) as error:
        registry.line(**facts)
    assert [(p.column, p.rule) for p in error.value.problems] == [(field, rule)]


def test_a_changed_standing_is_told_with_what_it_was(registry: Registry) -> None:
    facility = registry.facility()
    set_standing(registry.session, **registry.act, facility=facility, standing="accident", reason="火灾")
    told = registry.session.query(AuditEvent).filter_by(action="facility.standing_set").one()
    assert facility.standing == "accident"
    assert told.facts == {"before": "", "standing": "accident", "reason": "火灾"}


def test_withdrawing_capacity_twice_is_told_once(registry: Registry) -> None:
    window = registry.window()
    for _ in range(2):
        withdraw_capacity(registry.session, **registry.act, window=window)
    assert registry.session.query(AuditEvent).filter_by(action="capacity.withdrawn").count() == 1


def test_a_listing_keeps_its_origins_as_a_set(registry: Registry) -> None:
    entry = registry.listing(registry.facility(), accepted_origins=("33", "31", "33"), quota_kg=5)
    registry.session.commit()
    registry.session.refresh(entry)
    assert entry.accepted_origins == ("31", "33")


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"accepted_origins": ()}, "accepted_origins"),
        ({"accepted_origins": ("Mars",)}, "accepted_origins"),
        ({"list_kind": "secret"}, "list_kind"),
        ({"status": "maybe"}, "status"),
        ({"ship_within_days": 0}, "ship_within_days"),
        ({"valid_to": date(2025, 1, 1)}, "valid_to"),
    ],
)
def test_what_cannot_be_listed_is_refused_with_its_field(
    registry: Registry, facts: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadInput) as error:
        registry.listing(registry.facility(), **facts)
    assert [p.column for p in error.value.problems] == [field]


def test_a_grant_that_ends_before_it_begins_is_refused(registry: Registry) -> None:
    with pytest.raises(BadInput) as error:
        registry.grant(registry.facility(), valid_to=date(2025, 12, 31))
    assert [(p.column, p.rule) for p in error.value.problems] == [("valid_to", "dates_reversed")]
