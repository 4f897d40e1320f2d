"""How the told quarter's deals travel."""

from __future__ import annotations

import pytest

from circularity.units import KG_PER_T
from seed.shipping import TRUCK_KG, Freight, shippings

FAR_M = 200_000


@pytest.mark.parametrize(
    ("tonnes", "way", "most_kg"), [(160_000, "draught", 60_000 * KG_PER_T), (400, "trip", TRUCK_KG)]
)
def test_with_few_loads_no_vehicle_carries_more_than_it_can(tonnes: int, way: str, most_kg: int) -> None:
    (shipping,) = shippings([Freight("900-001-S02", tonnes * KG_PER_T, FAR_M)], 1)
    assert (shipping.way, shipping.loads, shipping.load_kg) == (way, 1, most_kg)


def test_with_enough_loads_all_of_a_deal_travels() -> None:
    (shipping,) = shippings([Freight("900-001-S02", 96_000 * KG_PER_T, FAR_M)], 20)
    assert shipping.loads * shipping.load_kg == 96_000 * KG_PER_T
