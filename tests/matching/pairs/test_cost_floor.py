"""The least that a pair can cost: never above its cost, and close enough below to be of use."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from circularity.acceptance.pairs import Pairs
from circularity.units import MISSING
from matching.case import Case
from matching.case_tables import Lanes
from matching.pairs.cost_floor import CostFloor
from matching.pairs.eligibility import costs_of, tables_of, with_distances
from seed.generate import generate_case


def costs_and_floors(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Return every pair's cost and the least that it is said to cost, µCNY/kg, as grids."""
    outputs, capacities = np.arange(case.shape[0]), np.arange(case.shape[1])
    i, j = np.repeat(outputs, len(capacities)), np.tile(capacities, len(outputs))
    cost = costs_of(case, with_distances(case, Pairs(tables_of(case), i, j))).total_ucny_per_kg()
    floor = CostFloor.of(case)
    assert floor is not None
    return cost.reshape(case.shape), floor.at(outputs, capacities)


@pytest.mark.parametrize(("detour", "carbon"), [(1000, 0), (1300, 60_000), (10_000, 10**6)])
def test_no_pair_costs_less_than_its_floor_and_none_much_more(detour: int, carbon: int) -> None:
    case = generate_case(300, 60, 3)
    parameters = replace(case.parameters, detour_permille=detour, carbon_price_ucny_per_kg_co2e=carbon)
    case = case.replace(parameters=parameters)
    cost, floor = costs_and_floors(case)
    assert (floor <= cost).all()
    free = case.replace(
        outputs=replace(case.outputs, price_ucny_per_kg=np.full(case.shape[0], MISSING)),
        capacities=replace(case.capacities, gate_fee_ucny_per_kg=np.full(case.shape[1], MISSING)),
    )
    of_distance, _ = costs_and_floors(free)
    rate = CostFloor.of(case).ucny_per_kg_m
    assert (cost - floor <= 0.01 * of_distance + 4 * rate + 6).all()


def test_points_at_one_place_and_at_the_ends_of_the_earth_are_bounded_too() -> None:
    case = generate_case(60, 20, 1)
    rng = np.random.default_rng(5)
    outputs = replace(
        case.outputs,
        lat_e7=rng.integers(-900_000_000, 900_000_001, 60),
        lon_e7=rng.integers(-1_800_000_000, 1_800_000_001, 60),
    )
    here = outputs.lat_e7[:1], outputs.lon_e7[:1]
    facilities = replace(
        case.facilities,
        lat_e7=np.where(np.arange(len(case.facilities.lat_e7)) % 2, case.facilities.lat_e7, here[0]),
        lon_e7=np.where(np.arange(len(case.facilities.lon_e7)) % 2, case.facilities.lon_e7, here[1]),
    )
    cost, floor = costs_and_floors(case.replace(outputs=outputs, facilities=facilities))
    assert (floor <= cost).all()
    assert np.isneginf(floor).any(), "no point lies far enough away to try that"
    assert np.isfinite(floor).any()


def test_nothing_is_said_where_a_line_bounds_nothing_or_numbers_are_too_large() -> None:
    case = generate_case(20, 10, 1)
    one = np.array([0])
    told = Lanes(one, one, np.array([10]), np.array([MISSING]), np.array([MISSING]))
    lost = case.outputs.lat_e7.copy()
    lost[3] = MISSING
    dear = np.full(case.shape[1], 2**50)
    assert CostFloor.of(case) is not None
    assert CostFloor.of(case.replace(lanes=told)) is None
    assert CostFloor.of(case.replace(outputs=replace(case.outputs, lat_e7=lost))) is None
    assert CostFloor.of(case.replace(capacities=replace(case.capacities, gate_fee_ucny_per_kg=dear))) is None
