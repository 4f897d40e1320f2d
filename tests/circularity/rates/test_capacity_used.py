"""Capacity used: received against permitted, warnings, and the day on which a limit will be reached."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from posted_mass import Posted, plant_of, works_of
from registry import AT, FLY_ASH, Registry

from circularity.columns import new_public_id
from circularity.custody.manifests import Transfer, TransferLine
from circularity.deals.contract import Agreement
from circularity.rates.capacity_used import LineUse, capacity_used, count_warnings
from circularity.registry.entitlements import EntitlementLine

ON = date(2026, 6, 30)


def transfer(registry: Registry, works: Posted, line: EntitlementLine) -> Transfer:
    """A sheet under an agreement on a line; only what the use of capacity asks for."""
    facility = line.entitlement.facility
    agreement = Agreement(
        public_id=new_public_id(), number=new_public_id(), source="direct", document="", site=works.works,
        line=line, facility=facility, waste_code=FLY_ASH, operation=line.operation, offer_number=1,
        shipped_kg=0, status="agreed", begun_at=AT,
    )  # fmt: skip
    made = Transfer(
        public_id=new_public_id(), number=new_public_id(), agreement=agreement, sender_site=works.works,
        facility=facility, metering="sheet", conveyance="vehicle", vehicle="", day_from=ON, day_to=ON,
        status="accepted", drafted_at=AT,
    )  # fmt: skip
    made.lines = [
        TransferLine(
            public_id=new_public_id(), number=1, waste_code=FLY_ASH, operation="C2", sent_kg=1, packaging=""
        )
    ]
    registry.session.add(made)
    registry.session.flush()
    return made


def delivered(registry: Registry, line: EntitlementLine, kg: int, day: date = ON) -> Any:
    """Post what a line has received on a day."""
    works = works_of(registry)
    works.post("generation.carried", ("generated", kg), day=day)
    subject = transfer(registry, works, line)
    plant = line.entitlement.facility.site
    return works, works.delivered(kg, plant, subject=subject, day=day)


def use_of(registry: Registry, kind: str = "line", on: date = ON) -> LineUse:
    (found,) = [use for use in capacity_used(registry.session, on) if use.kind == kind]
    return found


def test_received_stands_against_permitted_with_what_came_from_outside(registry: Registry) -> None:
    line = registry.line(annual_limit_kg=1_000_000)
    registry.window(line=line, permitted_kg=1_000_000, received_kg=100_000)
    delivered(registry, line, 300_000)
    delivered(registry, line, 50_000, date(2025, 12, 31))
    delivered(registry, line, 50_000, date(2026, 7, 1))
    use = use_of(registry)
    assert (use.on_platform_kg, use.declared_kg, use.received_kg) == (300_000, 100_000, 400_000)
    assert (use.permitted_kg, use.warning, use.line) == (1_000_000, 0, line)


@pytest.mark.parametrize(
    ("kg", "warning"), [(799, 0), (800, 80), (899, 80), (900, 90), (1000, 100), (1100, 100)]
)
def test_a_line_is_warned_of_at_80_and_90_percent(registry: Registry, kg: int, warning: int) -> None:
    line = registry.line(annual_limit_kg=1000)
    delivered(registry, line, kg)
    assert use_of(registry).warning == warning


def test_the_day_of_saturation_follows_the_pace_of_the_year(registry: Registry) -> None:
    line = registry.line(annual_limit_kg=362_000)
    delivered(registry, line, 181_000)  # 181 days at 1000 kg: another 181 days
    assert use_of(registry).full_on == date(2026, 12, 28)


def test_a_pace_that_does_not_fill_the_year_has_no_day_and_a_full_line_is_full_today(
    registry: Registry,
) -> None:
    slow, full, idle = (registry.line(annual_limit_kg=kg) for kg in (400_000, 100, 500))
    delivered(registry, slow, 181_000)
    delivered(registry, full, 100)
    told = {use.line: use.full_on for use in capacity_used(registry.session, ON)}
    assert told == {slow: None, full: ON, idle: None}


def test_a_reversed_receipt_frees_its_capacity(registry: Registry) -> None:
    line = registry.line(annual_limit_kg=1000)
    works, receipt = delivered(registry, line, 600)
    works.undo(receipt)
    assert use_of(registry).received_kg == 0


def test_what_a_collector_stores_counts_against_its_licence(registry: Registry) -> None:
    line = registry.line(annual_limit_kg=1000)
    works = works_of(registry)
    works.post("generation.carried", ("generated", 400))
    works.post("sheet.sent", ("sent", 400))
    works.post(
        "receipt.accepted", ("stored", 400), to=line.entitlement.facility.site,
        subject=transfer(registry, works, line),
    )  # fmt: skip
    assert use_of(registry).received_kg == 400


def test_a_pooled_limit_is_told_with_all_its_lines(registry: Registry) -> None:
    pool = registry.entitlement(annual_limit_kg=1000)
    first = registry.line(entitlement=pool)
    second = registry.line(entitlement=pool, operation="R5")
    delivered(registry, first, 500)
    delivered(registry, second, 350)
    use = use_of(registry, "entitlement")
    assert (use.received_kg, use.permitted_kg, use.warning, use.line) == (850, 1000, 80, None)
    assert {found.kind for found in capacity_used(registry.session, ON)} == {"entitlement"}


def test_only_entitlements_that_hold_are_told_the_fullest_first(registry: Registry) -> None:
    ended = registry.entitlement(annual_limit_kg=10, valid_to=date(2026, 6, 29))
    registry.line(entitlement=ended)
    half, most = registry.line(annual_limit_kg=1000), registry.line(annual_limit_kg=100)
    delivered(registry, half, 500)
    delivered(registry, most, 95)
    assert [use.line for use in capacity_used(registry.session, ON)] == [most, half]


def test_a_move_without_a_transfer_uses_no_capacity(registry: Registry) -> None:
    registry.line(annual_limit_kg=1000)
    works = works_of(registry)
    works.post("generation.carried", ("generated", 400))
    works.delivered(400, plant_of(registry))
    assert use_of(registry).received_kg == 0


def test_strangers_are_told_how_many_limits_are_nearly_full_and_only_of_three_organisations(
    registry: Registry,
) -> None:
    for kg in (1000, 850):
        delivered(registry, registry.line(annual_limit_kg=1000), kg)
    assert count_warnings(capacity_used(registry.session, ON)) is None
    delivered(registry, registry.line(annual_limit_kg=1000), 10)
    uses = capacity_used(registry.session, ON)
    assert count_warnings(uses) == {0: 3}, "who is above and who below would be one or two"
    assert count_warnings(uses, of_few=True) == {0: 3, 80: 2, 90: 1, 100: 1}
    for kg in (1000, 860, 10, 10):
        delivered(registry, registry.line(annual_limit_kg=1000), kg)
    assert count_warnings(capacity_used(registry.session, ON)) == {0: 7, 80: 4}


def test_limits_that_are_nearly_all_one_organisations_are_not_counted(registry: Registry) -> None:
    facility = registry.facility()
    for _ in range(12):
        delivered(registry, registry.line(facility, annual_limit_kg=1000), 900)
    for _ in range(2):
        delivered(registry, registry.line(annual_limit_kg=1000), 900)
    assert count_warnings(capacity_used(registry.session, ON)) is None
