"""Distances: the vectorised geodesic against geopy, the detour, and lanes."""

from __future__ import annotations

import numpy as np
import pytest
from builders import ANHUI, SHANGHAI, capacity, case, output
from geopy.distance import geodesic

from circularity.units import MISSING, IntArray
from matching.case import Case
from matching.geodesic import geodesic_m
from matching.pairs.distances import lane_limits_kg, lane_rows, pair_distances_m

E7 = 10_000_000
WUHU_TO_SHANGHAI_M = 288_672


def distances(built: Case, i: list[int], j: list[int]) -> list[int]:
    rows, columns = np.array(i), np.array(j)
    return pair_distances_m(built, rows, columns, lane_rows(built, rows, columns)).tolist()


def points(
    rng: np.random.Generator, south: float, north: float, west: float, east: float
) -> tuple[IntArray, IntArray]:
    return tuple(rng.integers(int(a * E7), int(b * E7), 400) for a, b in ((south, north), (west, east)))  # type: ignore[return-value]  # narrower than told


@pytest.mark.parametrize(
    ("name", "box"),
    [
        ("the Delta", (27.0, 35.2, 114.8, 123.0)),
        ("inside one industrial park", (31.20, 31.22, 121.40, 121.42)),
        ("up to 1,500 km", (25.0, 38.0, 112.0, 123.0)),
        ("China", (18.0, 50.0, 75.0, 130.0)),
    ],
)
def test_the_geodesic_is_within_a_metre_of_geopy(name: str, box: tuple[float, float, float, float]) -> None:
    rng = np.random.default_rng(7)
    (lat_a, lon_a), (lat_b, lon_b) = points(rng, *box), points(rng, *box)
    ours = geodesic_m(lat_a, lon_a, lat_b, lon_b)
    ends = zip(lat_a / E7, lon_a / E7, lat_b / E7, lon_b / E7, strict=True)
    reference = np.array([geodesic((a, b), (c, d)).m for a, b, c, d in ends])
    assert np.abs(ours - reference).max() < 1, name


def test_a_point_is_no_distance_from_itself_and_no_points_have_no_distances() -> None:
    here = np.array([310000000])
    assert geodesic_m(here, here, here, here).tolist() == [0]
    nothing = np.empty(0, dtype=np.int64)
    assert geodesic_m(nothing, nothing, nothing, nothing).size == 0


def test_the_distance_does_not_depend_on_the_direction() -> None:
    rng = np.random.default_rng(8)
    (lat_a, lon_a), (lat_b, lon_b) = points(rng, 27, 35, 115, 123), points(rng, 27, 35, 115, 123)
    assert np.array_equal(geodesic_m(lat_a, lon_a, lat_b, lon_b), geodesic_m(lat_b, lon_b, lat_a, lon_a))


def test_the_detour_multiplies_the_whole_metres_and_rounds_half_up() -> None:
    built = case([output("O1", place=ANHUI)], [capacity("C1", place=SHANGHAI)], detour_permille=1305)
    # 288,672 m × 1.305 = 376,716.96 m
    assert distances(built, [0], [0]) == [376_717]


def test_a_lane_gives_the_distance_travelled_and_the_other_pairs_are_computed() -> None:
    built = case(
        [output("O1", place=ANHUI), output("O2", place=ANHUI)],
        [capacity("C1", place=SHANGHAI)],
        lanes=[{"output": "O2", "capacity": "C1", "distance_km": 402.5, "limit_t": 7}],
        detour_permille=2000,
    )
    assert distances(built, [0, 1], [0, 0]) == [2 * WUHU_TO_SHANGHAI_M, 402_500]
    assert lane_limits_kg(built, np.array([0, 1]), np.array([0, 0])).tolist() == [MISSING, 7_000]


def test_a_pair_without_coordinates_or_lane_has_no_distance() -> None:
    built = case([output("O1", place=None), output("O2")], [capacity("C1"), capacity("C2", place=None)])
    assert distances(built, [0, 0, 1, 1], [0, 1, 0, 1]) == [MISSING, MISSING, 0, MISSING]


def test_a_lane_without_distance_leaves_it_to_the_coordinates() -> None:
    built = case(
        [output("O1", place=ANHUI)],
        [capacity("C1", place=SHANGHAI)],
        lanes=[{"output": "O1", "capacity": "C1", "cost_cny_per_t": 12}],
    )
    assert distances(built, [0], [0]) == [WUHU_TO_SHANGHAI_M]
