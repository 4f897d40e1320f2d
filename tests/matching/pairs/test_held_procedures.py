"""What lists and grants that are held change for capacity windows and for single pairs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from builders import ANHUI, AS_OF, SHANGHAI, capacity, case, output

from circularity.units import MISSING
from matching.pairs.arcs import find_arcs
from matching.pairs.grant_use import Part, split_by_grants
from matching.pairs.held_procedures import Grant, Listing, Window, covers, listed_windows, open_origins

TODAY = AS_OF.toordinal()
DECEMBER = date(2026, 12, 31).toordinal()

WINDOW = Window(0, "F", "HW34", "R6", 100, DECEMBER)
GRANT = Grant(1, "F", "", "hazardous_approval", "31", "HW34", TODAY - 10, DECEMBER, MISSING)
LISTING = Listing("W1", "F", "agreed", "HW34", "R6", ("31",), MISSING, 60)


@pytest.mark.parametrize(
    ("pattern", "line", "whole"),
    [
        ("HW34", "HW34", True),
        ("HW34", "398-007-34", True),
        ("398-007-34", "HW34", False),
        ("*", "HW34", True),
        ("HW34", "*", False),
        ("*", "*", True),
    ],
)
def test_a_pattern_covers_a_line_when_it_covers_all_of_it(pattern: str, line: str, whole: bool) -> None:
    assert covers(pattern, line) == whole


def test_a_grant_for_everybody_opens_the_window_to_its_origin() -> None:
    assert open_origins([WINDOW], [GRANT], TODAY) == {0: {"31"}}


@pytest.mark.parametrize(
    "change",
    [
        {"facility": "G"},
        {"organisation": "somebody"},
        {"limit_kg": 5},
        {"waste_pattern": "398-007-34"},
        {"valid_to_day": DECEMBER - 1},
        {"valid_from_day": TODAY + 1},
    ],
)
def test_a_grant_that_covers_less_than_the_window_opens_nothing(change: dict[str, int | str]) -> None:
    assert open_origins([WINDOW], [replace(GRANT, **change)], TODAY) == {}


@pytest.mark.parametrize(
    ("pattern", "operation", "kinds", "opened"),
    [
        ("HW34", "R6", ("general_record", "general_approval"), False),
        ("HW34", "R6", ("hazardous_approval",), True),
        ("SW02", "C2", ("general_record",), True),
        ("SW02", "C2", ("general_approval", "hazardous_approval"), False),
        ("SW02", "D1", ("general_record", "hazardous_approval"), False),
        ("SW02", "D1", ("general_approval",), True),
        ("*", "R15", ("general_record",), False),
        ("*", "R15", ("hazardous_approval",), False),
        ("*", "R15", ("general_record", "hazardous_approval"), True),
    ],
)
def test_each_procedure_opens_only_what_it_is_for(
    pattern: str, operation: str, kinds: tuple[str, ...], opened: bool
) -> None:
    window = replace(WINDOW, waste_pattern=pattern, operation=operation)
    grants = [replace(GRANT, id=k, kind=kind, waste_pattern="*") for k, kind in enumerate(kinds)]
    assert open_origins([window], grants, TODAY) == ({0: {"31"}} if opened else {})


def test_a_window_without_an_end_outlasts_every_grant() -> None:
    assert open_origins([replace(WINDOW, available_to_day=MISSING)], [GRANT], TODAY) == {}


def test_a_listing_shortens_the_way_from_its_origins() -> None:
    listed = listed_windows([WINDOW], [LISTING])
    assert (listed.origins, listed.ship_within_days, listed.quotas) == ({0: {"31"}}, {0: 60}, ())


@pytest.mark.parametrize(
    "change",
    [{"list_kind": "information"}, {"operation": "R5"}, {"facility": "G"}, {"waste_pattern": "HW17"}],
)
def test_a_list_for_information_or_about_something_else_changes_nothing(change: dict[str, str]) -> None:
    assert listed_windows([WINDOW], [replace(LISTING, **change)]).origins == {}


def test_the_shortest_of_two_deadlines_holds() -> None:
    listed = listed_windows([WINDOW], [LISTING, replace(LISTING, public_id="W2", ship_within_days=30)])
    assert listed.ship_within_days == {0: 30}


def test_a_quota_is_a_cap_for_its_origin_on_the_window_that_offers_most() -> None:
    larger = replace(WINDOW, capacity=1, offered_kg=300)
    listed = listed_windows([WINDOW, larger], [replace(LISTING, quota_kg=70)])
    (quota,) = listed.quotas
    assert (quota.cap.cap_id, quota.cap.limit_kg, quota.cap.origin_region) == ("quota:W1", 70, "31")
    assert (quota.cap.members, listed.origins) == ((1,), {1: {"31"}})


def test_a_quota_above_what_is_offered_is_no_cap() -> None:
    assert listed_windows([WINDOW], [replace(LISTING, quota_kg=100)]).quotas == ()


def test_a_quota_of_several_origins_that_could_bind_is_not_relied_on() -> None:
    listed = listed_windows([WINDOW], [replace(LISTING, quota_kg=70, origins=("31", "33"))])
    assert (listed.origins, listed.unused) == ({}, ("W1",))


def _placed(mass_kg: int, *grants: Grant) -> list[Part]:
    """Split one Shanghai lot of fly ash that a plan placed in Anhui."""
    crossing = case(
        [output("o", organisation="S", place=SHANGHAI, available_to=date(2026, 12, 31))],
        [capacity("c", facility_id="F", place=ANHUI, available_to=date(2026, 12, 31))],
    )
    arcs = find_arcs(crossing)
    assert arcs.conditions.tolist() != [0]
    return split_by_grants(crossing, arcs, np.array([mass_kg]), grants)


RECORD = Grant(7, "F", "S", "general_record", "31", "SW02", TODAY - 10, DECEMBER, 30_000)


def test_a_limited_grant_frees_its_mass_and_the_rest_waits() -> None:
    granted, rest = _placed(100_000, RECORD)
    assert (granted.mass_kg, granted.conditions, granted.grant) == (30_000, 0, 7)
    assert granted.earliest_day == TODAY
    assert (rest.mass_kg, rest.grant) == (70_000, None)
    assert rest.conditions != 0
    assert rest.earliest_day > TODAY


def test_the_grant_that_ends_first_is_used_first() -> None:
    sooner = replace(RECORD, id=8, valid_to_day=DECEMBER - 40, limit_kg=50_000)
    first, second, rest = _placed(100_000, RECORD, sooner)
    assert [(part.grant, part.mass_kg) for part in (first, second, rest)] == [
        (8, 50_000), (7, 30_000), (None, 20_000),
    ]  # fmt: skip
    assert first.latest_day == DECEMBER - 40


def test_a_grant_that_begins_later_frees_from_its_first_day() -> None:
    granted, _ = _placed(100_000, replace(RECORD, valid_from_day=TODAY + 20))
    assert granted.earliest_day == TODAY + 20


@pytest.mark.parametrize(
    "change",
    [
        {"facility": "G"},
        {"organisation": "T"},
        {"kind": "general_approval"},
        {"origin_region": "33"},
        {"waste_pattern": "SW06"},
        {"valid_to_day": TODAY - 1},
    ],
)
def test_a_grant_about_something_else_frees_nothing(change: dict[str, int | str]) -> None:
    (rest,) = _placed(100_000, replace(RECORD, **change))
    assert (rest.mass_kg, rest.grant) == (100_000, None)


def test_a_pair_that_needs_no_grant_uses_none() -> None:
    at_home = case([output("o", organisation="S")], [capacity("c", facility_id="F")])
    (part,) = split_by_grants(at_home, find_arcs(at_home), np.array([5]), [RECORD])
    assert (part.mass_kg, part.conditions, part.grant) == (5, 0, None)
