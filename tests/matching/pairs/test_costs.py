"""Costs: each component by hand, unknown money, and integers that cannot overflow silently."""

from __future__ import annotations

import numpy as np
import pytest
from builders import capacity, case, output

from circularity.units import MISSING
from matching.case import Case
from matching.pairs.costs import Costs, CostTooLarge, pair_costs
from matching.pairs.distances import lane_rows

ONE = np.zeros(1, dtype=np.int64)


def costs(built: Case, distance_m: int) -> Costs:
    return pair_costs(built, ONE, ONE, np.array([distance_m]), lane_rows(built, ONE, ONE))


def parts(found: Costs) -> dict[str, int]:
    return {name: int(part[0]) for name, part in found.components.items()}


def test_the_cost_is_transport_plus_gate_fee_minus_price_plus_carbon() -> None:
    built = case(
        [output("O1", price_cny_per_t=20)],
        [capacity("C1", gate_fee_cny_per_t=35.5)],
        transport_ucny_per_kg_km=450,
        carbon_price_ucny_per_kg_co2e=80_000,  # 80 CNY per t
        emission_mg_per_kg_km=78,
    )
    found = costs(built, 100_000)
    assert parts(found) == {
        "transport": 100 * 450,  # 45 CNY/t
        "gate_fee": 35_500,
        "price": -20_000,
        "carbon": 624,  # 100 km × 78 mg = 7.8 g CO2e per kg; × 80 µCNY per g = 624 µCNY
    }
    assert found.net_ucny_per_kg().tolist() == [45_000 + 35_500 - 20_000], "carbon is nobody's bill"


def test_a_fraction_of_a_unit_rounds_half_up() -> None:
    built = case([output("O1")], [capacity("C1")], transport_ucny_per_kg_km=450)
    assert parts(costs(built, 10))["transport"] == 5  # 4.5 µCNY/kg
    assert parts(costs(built, 9))["transport"] == 4  # 4.05


def test_a_lane_cost_replaces_transport_and_nothing_else() -> None:
    built = case(
        [output("O1", price_cny_per_t=0)],
        [capacity("C1", gate_fee_cny_per_t=-10)],
        lanes=[{"output": "O1", "capacity": "C1", "cost_cny_per_t": 33}],
        carbon_price_ucny_per_kg_co2e=80_000,
    )
    assert parts(costs(built, 100_000)) == {
        "transport": 33_000,
        "gate_fee": -10_000,
        "price": 0,
        "carbon": 624,
    }


def test_unknown_money_counts_nothing_and_is_flagged() -> None:
    built = case(
        [output("O1")], [capacity("C1", gate_fee_cny_per_t=10)], carbon_price_ucny_per_kg_co2e=80_000
    )
    found = costs(built, MISSING)
    assert parts(found) == {"transport": 0, "gate_fee": 10_000, "price": 0, "carbon": 0}
    assert {n: bool(u[0]) for n, u in found.unknown.items()} == {
        "transport": True,
        "gate_fee": False,
        "price": True,
    }
    assert found.net_ucny_per_kg().tolist() == [MISSING]


def test_a_cost_beyond_64_bits_is_refused_not_wrapped() -> None:
    built = case([output("O1")], [capacity("C1")], transport_ucny_per_kg_km=10**9)
    assert parts(costs(built, 10**9))["transport"] == 10**15
    with pytest.raises(CostTooLarge):
        costs(built, 10**10)


def test_a_sum_beyond_64_bits_is_refused_not_wrapped() -> None:
    built = case(
        [output("O1", price_cny_per_t=-(6 * 10**15))], [capacity("C1", gate_fee_cny_per_t=6 * 10**15)]
    )
    with pytest.raises(CostTooLarge):
        costs(built, 0)
