"""What an agreement takes of each limit, in which years, and that all of it is given back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from deal_world import DealWorld, act, at
from registry import ACID, SHANGHAI, Registry, T
from sqlalchemy import Connection, event, select

from circularity.database import writing
from circularity.deals.ceilings import Ceiling
from circularity.deals.contract import Agreement
from circularity.deals.limits import mass_by_year
from circularity.deals.offers import accept, confirm, decline
from circularity.deals.reservations import ceilings_of, left_kg, release, reserve
from circularity.errors import RuleBroken
from circularity.registry.line_groups import add_line_group


@pytest.fixture
def world(registry: Registry) -> DealWorld:
    return DealWorld(registry)


def counters(world: DealWorld) -> dict[tuple[str, int], tuple[int, int]]:
    """Reserved and committed tonnes by kind and year."""
    rows = world.session.execute(
        select(Ceiling.kind, Ceiling.year, Ceiling.reserved_kg, Ceiling.committed_kg)
    )
    return {(kind, year): (reserved // T, committed // T) for kind, year, reserved, committed in rows}


@contextmanager
def heard(connection: Connection, asked: list[str]) -> Iterator[None]:
    """Note what a connection is asked while the block runs."""

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(connection, "before_cursor_execute", hear)
    yield
    event.remove(connection, "before_cursor_execute", hear)


def limited_line(world: DealWorld, line_t: int, entitlement_t: int, facility_t: int) -> Any:
    facility = world.registry.facility(annual_limit_kg=facility_t * T)
    entitlement = world.registry.entitlement(facility, annual_limit_kg=entitlement_t * T)
    return world.registry.line(entitlement=entitlement, annual_limit_kg=line_t * T)


def test_a_deal_takes_of_lot_window_line_entitlement_and_facility(world: DealWorld) -> None:
    line = limited_line(world, 300, 400, 500)
    agreement = world.offered(60, window=world.registry.window(100, line), output=world.registry.output(80))
    accept(world.session, **act(), agreement=agreement, side="facility")
    taken = {
        ("output", 0): (60, 0),
        ("window", 0): (60, 0),
        ("line", 2026): (60, 0),
        ("entitlement", 2026): (60, 0),
        ("facility", 2026): (60, 0),
    }
    assert counters(world) == taken
    confirm(world.session, **act(), agreement=agreement, side="generator")
    assert counters(world) == dict.fromkeys(taken, (0, 60))


def test_limits_are_taken_in_one_order(world: DealWorld) -> None:
    line = limited_line(world, 300, 400, 500)
    agreement = world.offered(
        60, window=world.registry.window(100, line, available_to=None), output=world.registry.output(80)
    )
    wanted = ceilings_of(world.session, agreement, agreement.offer, ())
    assert [each.kind for each in wanted] == ["output", "window", "line", "entitlement", "facility"]
    assert wanted == sorted(wanted, key=lambda each: each.key)


@pytest.mark.parametrize(("limits_t", "kind"), [((50, 400, 500), "line"), ((400, 400, 59), "facility")])
def test_the_first_limit_without_room_is_named_and_nothing_is_taken(
    world: DealWorld, limits_t: tuple[int, int, int], kind: str
) -> None:
    agreement = world.offered(60, line=limited_line(world, *limits_t), output=world.registry.output(80))
    before = agreement.status, agreement.expires_at
    with pytest.raises(RuleBroken) as error:
        accept(world.session, **act(), agreement=agreement, side="facility")
    assert (error.value.code, error.value.facts["kind"]) == ("full", kind)
    assert set(counters(world).values()) <= {(0, 0)}
    assert (agreement.status, agreement.expires_at) == before


def test_two_lines_share_the_limit_of_their_entitlement(world: DealWorld) -> None:
    entitlement = world.registry.entitlement(annual_limit_kg=100 * T)
    world.agreed(60, line=world.registry.line(entitlement=entitlement))
    with pytest.raises(RuleBroken) as error:
        world.agreed(60, line=world.registry.line(entitlement=entitlement))
    assert (error.value.facts["kind"], error.value.facts["left_kg"]) == ("entitlement", 40 * T)


def test_a_direct_deal_without_postings_is_held_by_line_entitlement_and_facility(world: DealWorld) -> None:
    world.agreed(60, line=limited_line(world, 100, 100, 100))
    assert set(counters(world)) == {("line", 2026), ("entitlement", 2026), ("facility", 2026)}


def test_a_deal_over_new_year_takes_of_each_year_by_its_days(world: DealWorld) -> None:
    days = {"valid_from": date(2026, 12, 1), "valid_to": date(2027, 1, 9)}
    world.agreed(40, line=limited_line(world, 100, 100, 100), with_terms=days)
    assert counters(world)["line", 2026] == (0, 40 * 31 // 40)
    assert counters(world)["line", 2027] == (0, 40 * 9 // 40)


def test_a_kilogram_that_does_not_divide_falls_in_the_last_year() -> None:
    shares = mass_by_year(1000, date(2025, 12, 31), date(2027, 1, 1))
    assert shares == {2025: 1000 // 367, 2026: 1000 * 365 // 367, 2027: 1000 - 2 - 994}
    assert mass_by_year(7, date(2026, 5, 1), date(2026, 5, 1)) == {2026: 7}


def test_what_windows_took_elsewhere_is_off_the_years_limit(world: DealWorld) -> None:
    line = world.registry.line(annual_limit_kg=100 * T)
    taken = {"received_kg": 20 * T, "committed_kg": 10 * T}
    world.registry.window(50, line, **taken)
    withdrawn = world.registry.window(50, line, received_kg=5 * T)
    withdrawn.withdrawn_at = at()
    world.session.flush()
    assert left_kg(world.session, "line", line, 2026) == (100 - 20 - 10 - 5) * T
    assert left_kg(world.session, "line", line, 2027) == 100 * T


def test_what_windows_of_a_line_took_elsewhere_counts_once_in_each_group_of_the_line(
    world: DealWorld,
) -> None:
    entitlement = world.registry.entitlement(annual_limit_kg=500 * T)
    lines = [world.registry.line(entitlement=entitlement, annual_limit_kg=200 * T) for _ in range(3)]
    world.session.flush()
    facts: dict[str, Any] = {"entitlement": entitlement, "annual_limit_kg": 300 * T}
    both = [
        add_line_group(world.session, **world.registry.act, lines=[lines[0], other], **facts)
        for other in lines[1:]
    ]
    for line, tonnes in zip(lines, (30, 20, 10), strict=True):
        world.registry.window(50, line, received_kg=tonnes * T)
    assert [left_kg(world.session, "line", line, 2026) for line in lines] == [170 * T, 180 * T, 190 * T]
    assert [left_kg(world.session, "group", group, 2026) for group in both] == [250 * T, 260 * T]
    assert left_kg(world.session, "entitlement", entitlement, 2026) == (500 - 30 - 20 - 10) * T
    agreement = world.agreed(60, line=lines[0])
    assert [left_kg(world.session, "group", group, 2026) for group in both] == [190 * T, 200 * T]
    release(world.session, agreement, at())
    assert [left_kg(world.session, "group", group, 2026) for group in both] == [250 * T, 260 * T]


def test_an_acceptance_asks_the_database_seventeen_times_at_most(world: DealWorld) -> None:
    line = limited_line(world, 300, 400, 500)
    window, output = world.registry.window(200, line), world.registry.output(200)
    first, second = (world.offered(60, window=window, output=output).id for _ in range(2))
    world.session.commit()
    asked: list[str] = []
    for key in (first, second):  # the first opens the counters
        asked.clear()
        with (
            writing(world.session.get_bind().engine).begin() as session,
            heard(session.connection(), asked),
        ):
            accept(session, **act(), agreement=session.get_one(Agreement, key), side="facility")
    assert len(asked) <= 17, "\n".join(asked)


def test_what_has_no_limit_has_no_counter(world: DealWorld) -> None:
    agreement = world.agreed(60)
    assert counters(world) == {}
    assert left_kg(world.session, "line", agreement.line, 2026) is None


def test_a_quota_counts_for_its_origin_and_waste_only(world: DealWorld) -> None:
    facility = world.registry.facility()
    line = world.registry.line(
        entitlement=world.registry.licence(facility), waste_pattern="HW34", operation="R6"
    )
    entry = world.registry.listing(facility, quota_kg=50 * T, accepted_origins=("31",))
    elsewhere = world.registry.listing(facility, quota_kg=50 * T, accepted_origins=("33",))
    site = world.registry.site(SHANGHAI)
    facts = {"line": line, "waste_code": ACID, "operation": "R6"}
    world.agreed(30, site=site, **facts)
    assert left_kg(world.session, "quota", entry) == 20 * T
    assert left_kg(world.session, "quota", elsewhere) == 50 * T
    with pytest.raises(RuleBroken) as error:
        world.agreed(30, site=site, **facts)
    assert (error.value.facts["kind"], error.value.facts["left_kg"]) == ("quota", 20 * T)


def test_a_limit_lowered_below_what_is_taken_stops_new_ones_and_takes_nothing_back(world: DealWorld) -> None:
    line = world.registry.line(annual_limit_kg=100 * T)
    world.agreed(60, line=line)
    line.annual_limit_kg = 50 * T
    world.session.flush()
    with pytest.raises(RuleBroken) as error:
        world.agreed(1, line=line)
    assert (error.value.code, error.value.facts["left_kg"]) == ("full", 0)
    assert counters(world)["line", 2026] == (0, 60)


def test_a_reservation_is_all_or_nothing_even_if_the_caller_goes_on(world: DealWorld) -> None:
    agreement = world.offered(60, line=limited_line(world, 100, 100, 50))
    with pytest.raises(RuleBroken):
        reserve(world.session, agreement, agreement.offer, (), at(hours=1), at())
    world.session.commit()
    assert set(counters(world).values()) <= {(0, 0)}


def test_what_was_never_shipped_is_given_back_from_the_last_year(world: DealWorld) -> None:
    days = {"valid_from": date(2026, 12, 1), "valid_to": date(2027, 1, 9)}
    agreement = world.agreed(40, line=limited_line(world, 100, 100, 100), with_terms=days)
    release(world.session, agreement, at(), 10 * T)
    assert counters(world)["line", 2027] == (0, 0)
    assert counters(world)["line", 2026] == (0, 40 - 10)


def test_a_declined_deal_leaves_every_counter_at_nothing(world: DealWorld) -> None:
    agreement = world.offered(60, line=limited_line(world, 100, 100, 100), output=world.registry.output(80))
    accept(world.session, **act(), agreement=agreement, side="facility")
    decline(world.session, **act(), agreement=agreement, side="facility")
    assert set(counters(world).values()) == {(0, 0)}
    again: Agreement = world.offered(80, line=agreement.line, output=agreement.output)
    accept(world.session, **act(), agreement=again, side="facility")
    assert counters(world)["output", 0] == (80, 0)
