"""Advice both ways: which outlets suit an output, which outputs suit a window, and what stays hidden."""

from __future__ import annotations

from datetime import date

from registry import ACID, ANHUI, AT, JIANGSU, Registry, T

from circularity.banding import Band
from circularity.registry.capacity import withdraw_capacity
from circularity.registry.outputs import withdraw_output
from matching.advice.recommending import feed_for_window, outlets_for_output
from matching.database.snapshot_live import LiveReceivers

NEARBY = (31.30, 121.60, "310100")


def test_outlets_come_in_the_order_of_the_levels(registry: Registry) -> None:
    output = registry.output(10)
    landfill = registry.window(10, registry.line(operation="D1"))
    far = registry.window(10, registry.line(registry.facility(NEARBY)))
    near = registry.window(10, registry.line(registry.facility()))
    registry.session.flush()
    advice = outlets_for_output(LiveReceivers(), registry.session, output, at=AT)
    assert [found.window.id for found in advice] == [near.id, far.id, landfill.id]
    assert [found.utilises for found in advice] == [True, True, False]
    assert [found.rank for found in advice] == [2, 2, 7]


def test_an_unlawful_outlet_is_not_advised(registry: Registry) -> None:
    output = registry.output(10, ACID)
    registry.window(10, registry.line(waste_pattern="HW34", operation="R6"))
    registry.session.flush()
    assert outlets_for_output(LiveReceivers(), registry.session, output, at=AT) == []


def test_an_outlet_across_the_border_tells_its_condition_in_words(registry: Registry) -> None:
    output = registry.output(10)
    registry.window(10, registry.line(registry.facility(ANHUI)))
    registry.session.flush()
    (found,) = outlets_for_output(LiveReceivers(), registry.session, output, at=AT)
    assert not found.can_move_today
    assert found.conditions == ("general_record",)
    (finding,) = found.findings
    assert finding.procedure is not None
    assert finding.zh
    assert finding.en
    assert found.earliest > date(2026, 9, 1)


def test_a_grant_of_the_sender_makes_it_an_outlet_for_today(registry: Registry) -> None:
    output = registry.output(100)
    facility = registry.facility(ANHUI)
    registry.window(100, registry.line(facility))
    registry.grant(facility, output_organisation=output.site.organisation, limit_kg=30 * T)
    registry.session.flush()
    (found,) = outlets_for_output(LiveReceivers(), registry.session, output, at=AT)
    assert (found.can_move_today, found.granted_kg, found.findings) == (True, 30 * T, ())


def test_a_grant_does_not_tell_how_much_the_plant_offers(registry: Registry) -> None:
    output = registry.output(100)
    facility = registry.facility(ANHUI)
    registry.window(7, registry.line(facility))
    registry.grant(facility, output_organisation=output.site.organisation)
    registry.session.flush()
    (found,) = outlets_for_output(LiveReceivers(), registry.session, output, at=AT)
    assert found.granted_kg == output.mass_kg
    assert found.mass == Band(0, 100 * T)


def test_costs_are_told_by_part(registry: Registry) -> None:
    output = registry.output(10, price_ucny_per_kg=3_000)
    registry.window(10, gate_fee_ucny_per_kg=20_000)
    registry.session.flush()
    (found,) = outlets_for_output(LiveReceivers(), registry.session, output, at=AT)
    assert found.distance_m == 0
    assert found.costs_ucny_per_kg == {"transport": 0, "gate_fee": 20_000, "price": -3_000, "carbon": 0}
    assert found.cost_ucny_per_kg == 0 + 20_000 - 3_000


def test_what_a_plant_offers_is_banded_unless_it_published_it(registry: Registry) -> None:
    output = registry.output(10)
    registry.window(1234, visibility="parties")
    registry.window(1234, registry.line(registry.facility(NEARBY)), visibility="public")
    registry.session.flush()
    masses = [found.mass for found in outlets_for_output(LiveReceivers(), registry.session, output, at=AT)]
    assert masses == [Band(1000 * T, 10_000 * T), 1234 * T]


def test_feed_is_what_the_window_may_take(registry: Registry) -> None:
    window = registry.window(100)
    suits = registry.output(10)
    registry.output(10, "900-099-S06")
    far = registry.output(500, place=JIANGSU, visibility="public")
    registry.session.flush()
    advice = feed_for_window(registry.session, window, at=AT)
    assert [found.output.id for found in advice] == [suits.id, far.id]
    assert [found.mass for found in advice] == [Band(0, 100 * T), 500 * T]
    assert [found.can_move_today for found in advice] == [True, False]


def test_the_masses_of_a_management_plan_stay_with_their_generator(registry: Registry) -> None:
    facility = registry.facility()
    line = registry.line(entitlement=registry.licence(facility), waste_pattern="HW34", operation="R6")
    window = registry.window(1000, line)
    output = registry.output(777, ACID, plan_mass_kg=333 * T)
    registry.session.flush()
    (feed,) = feed_for_window(registry.session, window, at=AT)
    (outlet,) = outlets_for_output(LiveReceivers(), registry.session, output, at=AT)
    assert feed.conditions == outlet.conditions == ("plan",)
    assert feed.findings == ()
    assert "333" in outlet.findings[0].en or "444" in outlet.findings[0].en


def test_advice_stops_at_the_limit(registry: Registry) -> None:
    window = registry.window(100)
    for _ in range(5):
        registry.output(1)
    registry.session.flush()
    assert len(feed_for_window(registry.session, window, at=AT, limit=3)) == 3


def test_a_withdrawn_posting_gets_no_advice(registry: Registry) -> None:
    output, window = registry.output(1), registry.window(1)
    withdraw_output(registry.session, **registry.act, output=output)
    withdraw_capacity(registry.session, **registry.act, window=window)
    registry.session.flush()
    assert outlets_for_output(LiveReceivers(), registry.session, output, at=AT) == []
    assert feed_for_window(registry.session, window, at=AT) == []
