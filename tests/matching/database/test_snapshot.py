"""The registry as a case: what is in it, what is left out, and the way back."""

from __future__ import annotations

from datetime import date

import pytest
from registry import AT, JIANGSU, Registry

from circularity.registry.capacity import withdraw_capacity
from circularity.registry.facilities import set_standing
from circularity.registry.outputs import withdraw_output
from circularity.units import MISSING
from matching.database.snapshot import Snapshot, parameters_at, read_snapshot


def snapshot(registry: Registry) -> Snapshot:
    return read_snapshot(registry.session, parameters_at(AT))


def test_an_empty_registry_is_an_empty_case(registry: Registry) -> None:
    assert snapshot(registry).case.shape == (0, 0)


def test_the_day_of_asking_is_that_of_the_delta() -> None:
    late_in_london = AT.replace(day=31, month=8, hour=17)
    assert parameters_at(late_in_london).as_of_day == date(2026, 9, 1).toordinal()


def test_an_output_keeps_every_fact_on_its_way_into_the_case(registry: Registry) -> None:
    posted = registry.output(
        7,
        allowed_operations=("R4", "C2"),
        max_distance_m=80_000,
        max_net_cost_ucny_per_kg=5,
        min_lot_kg=3,
        price_ucny_per_kg=-4,
        storage_since=date(2026, 1, 2),
        plan_mass_kg=9,
        assays={"cl_pct": 12},
    )
    taken = snapshot(registry)
    outputs = taken.case.outputs
    assert outputs.output_id.tolist() == [posted.public_id]
    assert outputs.organisation.tolist() == [posted.site.organisation.public_id]
    assert (outputs.mass_kg[0], outputs.region_code[0], outputs.waste_code[0]) == (
        7000,
        "310100",
        "900-001-S02",
    )
    assert (outputs.lat_e7[0], outputs.lon_e7[0]) == (312220000, 1214580000)
    assert outputs.allowed_operations.tolist() == ["C2;R4"]
    assert (outputs.max_distance_m[0], outputs.max_net_cost_ucny_per_kg[0]) == (80_000, 5)
    assert (outputs.min_lot_kg[0], outputs.price_ucny_per_kg[0], outputs.plan_mass_kg[0]) == (3, -4, 9)
    assert outputs.storage_since_day[0] == date(2026, 1, 2).toordinal()
    assert {name: column.tolist() for name, column in outputs.assays.items()} == {"cl_pct": [12]}
    assert taken.output_keys == {posted.public_id: posted.id}


def test_what_nobody_said_is_missing_and_not_zero(registry: Registry) -> None:
    registry.output()
    registry.window()
    case = snapshot(registry).case
    assert case.outputs.price_ucny_per_kg.tolist() == [MISSING]
    assert case.outputs.max_distance_m.tolist() == [MISSING]
    assert case.capacities.gate_fee_ucny_per_kg.tolist() == [MISSING]
    assert case.capacities.licence_valid_to_day.tolist() == [MISSING]


def test_a_window_brings_what_stands_above_it(registry: Registry) -> None:
    facility = registry.facility(JIANGSU)
    sender = registry.organisation()
    line = registry.line(
        entitlement=registry.licence(facility, number="HW-9"),
        waste_pattern="HW34",
        operation="R6",
        limits_min={"acid_pct": 10},
        limits_max={"acid_pct": 40, "cl_pct": 3},
        senders=[sender],
    )
    offered = registry.window(50, line, received_kg=10_000, gate_fee_ucny_per_kg=540_000)
    capacities = snapshot(registry).case.capacities
    assert capacities.capacity_id.tolist() == [offered.public_id]
    assert capacities.capacity_kg.tolist() == [40_000]
    assert (capacities.entitlement_kind[0], capacities.licence_no[0]) == ("hazardous_licence", "HW-9")
    assert capacities.licence_valid_to_day.tolist() == [date(2028, 12, 31).toordinal()]
    assert (capacities.waste_pattern[0], capacities.operation[0]) == ("HW34", "R6")
    assert capacities.gate_fee_ucny_per_kg.tolist() == [540_000]
    assert capacities.senders.tolist() == [sender.public_id]
    assert {name: v.tolist() for name, v in capacities.limits_min.items()} == {"acid_pct": [10]}
    assert {name: v.tolist() for name, v in capacities.limits_max.items()} == {
        "acid_pct": [40],
        "cl_pct": [3],
    }


def test_a_window_opens_no_earlier_than_its_entitlement(registry: Registry) -> None:
    line = registry.line(entitlement=registry.entitlement(valid_from=date(2026, 10, 5)))
    registry.window(1, line)
    assert snapshot(registry).case.capacities.available_from_day.tolist() == [date(2026, 10, 5).toordinal()]


def test_withdrawn_and_ended_postings_are_left_out(registry: Registry) -> None:
    over = {"available_from": date(2026, 1, 1), "available_to": date(2026, 8, 31)}
    registry.output(**over)
    registry.window(**over)
    withdraw_output(registry.session, **registry.act, output=registry.output())
    withdraw_capacity(registry.session, **registry.act, window=registry.window())
    assert snapshot(registry).case.shape == (0, 0)


def test_a_posting_on_its_last_day_takes_part(registry: Registry) -> None:
    registry.output(available_to=date(2026, 9, 1))
    assert snapshot(registry).case.shape == (1, 0)


def test_a_facilitys_standing_comes_along(registry: Registry) -> None:
    facility = registry.facility()
    registry.window(1, registry.line(facility))
    set_standing(registry.session, **registry.act, facility=facility, standing="accident", reason="x")
    assert snapshot(registry).case.facilities.standing.tolist() == ["accident"]


def test_two_windows_on_one_line_stand_under_its_annual_limit(registry: Registry) -> None:
    line = registry.line(annual_limit_kg=100_000)
    windows = [registry.window(100, line, received_kg=received) for received in (30_000, 10_000)]
    taken = snapshot(registry)
    (cap,) = taken.case.caps
    assert (cap.cap_id, cap.limit_kg) == (f"line:{line.public_id}:2026", 100_000 - 30_000 - 10_000)
    members = {str(taken.case.capacities.capacity_id[m]) for m in cap.members}
    assert members == {window.public_id for window in windows}


def test_what_a_withdrawn_window_took_is_gone_for_the_year(registry: Registry) -> None:
    line = registry.line(annual_limit_kg=100_000)
    registry.window(100, line)
    gone = registry.window(100, line, received_kg=60_000)
    withdraw_capacity(registry.session, **registry.act, window=gone)
    (cap,) = snapshot(registry).case.caps
    assert cap.limit_kg == 100_000 - 60_000


def test_what_was_taken_in_earlier_years_is_off_no_limit_of_this_one(registry: Registry) -> None:
    line = registry.line(annual_limit_kg=100_000)
    last_year = {"available_from": date(2025, 1, 1), "available_to": date(2025, 12, 31)}
    registry.window(100, line, received_kg=100_000, **last_year)
    for tonnes in (80, 30):
        registry.window(tonnes, line, available_from=None, available_to=None, received_kg=5_000)
    (cap,) = snapshot(registry).case.caps
    assert (cap.cap_id, cap.limit_kg) == (f"line:{line.public_id}", 100_000 - 2 * 5_000)


def test_a_facilitys_own_limit_bounds_all_its_entitlements(registry: Registry) -> None:
    facility = registry.facility(annual_limit_kg=150_000)
    for _ in range(2):
        registry.window(100, registry.line(facility))
    (cap,) = snapshot(registry).case.caps
    assert (cap.limit_kg, len(cap.members)) == (150_000, 2)


def test_a_grant_for_everybody_is_in_the_case_and_one_for_a_sender_beside_it(registry: Registry) -> None:
    facility = registry.facility(JIANGSU)
    registry.window(1, registry.line(facility))
    registry.grant(facility)
    registry.grant(facility, output_organisation=registry.organisation(), origin_region="33")
    registry.grant(facility, valid_from=date(2025, 1, 1), valid_to=date(2025, 12, 31), origin_region="34")
    taken = snapshot(registry)
    assert taken.case.capacities.accepts_from.tolist() == ["31"]
    assert [grant.origin_region for grant in taken.grants] == ["33"]


@pytest.mark.parametrize(
    ("facts", "listed"),
    [
        ({}, "31"),
        ({"status": "suspended"}, ""),
        ({"valid_to": date(2026, 8, 31)}, ""),
        ({"valid_from": date(2026, 9, 2)}, ""),
        ({"list_kind": "information"}, ""),
    ],
)
def test_only_a_list_in_force_shortens_a_procedure(
    registry: Registry, facts: dict[str, object], listed: str
) -> None:
    facility = registry.facility(JIANGSU)
    registry.window(
        1, registry.line(entitlement=registry.licence(facility), waste_pattern="HW34", operation="R6")
    )
    registry.listing(facility, **facts)
    capacities = snapshot(registry).case.capacities
    assert capacities.whitelist_from.tolist() == [listed]
    assert capacities.ship_within_days.tolist() == [60 if listed else MISSING]


def test_one_output_or_one_window_can_be_asked_alone(registry: Registry) -> None:
    outputs = [registry.output(assays={"cl_pct": k}) for k in range(3)]
    windows = [registry.window() for _ in range(2)]
    registry.session.flush()
    one = read_snapshot(registry.session, parameters_at(AT), outputs=[outputs[1].id], windows=[windows[0].id])
    assert one.case.shape == (1, 1)
    assert one.case.outputs.assays["cl_pct"].tolist() == [1]


def test_one_fictional_party_makes_the_whole_fictional(registry: Registry) -> None:
    registry.output()
    assert not snapshot(registry).fictional
    registry.output(site=registry.site(organisation=registry.organisation(fictional=True)))
    assert snapshot(registry).fictional
