"""Positions of Chinese maps are read to within a hair, and the usual slips are seen."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest
from geopy.distance import geodesic
from hypothesis import given
from hypothesis import strategies as st

from circularity.geography import DATUMS, UnknownDatum, from_wgs84, inside_delta, looks_swapped, wgs84

SHANGHAI = (31.2304, 121.4737)
INSTANCES = Path(
    os.environ.get("CIRC_SHARED_INSTANCES") or Path(__file__).parents[2].parent / "shared" / "instances"
)


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    return float(geodesic(a, b).meters)


def published_vectors() -> list[dict[str, str]]:
    path = INSTANCES / "geo_transforms" / "gcj02.csv"
    if not path.exists():
        pytest.skip(f"no published vectors at {path}; CIRC_SHARED_INSTANCES may name their folder")
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_published_vectors_agree_forward_to_a_millionth_of_a_degree_and_back_to_half_a_metre() -> None:
    for row in published_vectors():
        earth = float(row["wgs_lat"]), float(row["wgs_lng"])
        shifted = float(row["gcj_lat"]), float(row["gcj_lng"])
        assert from_wgs84(*earth, "gcj02") == pytest.approx(shifted, abs=1e-6)
        assert metres(wgs84(*shifted, "gcj02"), earth) < 0.5


@pytest.mark.parametrize(
    ("place", "shift_m"),
    [
        (SHANGHAI, 482),
        ((32.062, 118.778), 541),
        ((31.864, 117.281), 564),
        ((30.294, 120.161), 521),
    ],
)
def test_the_shift_of_the_delta_cities_is_about_half_a_kilometre(
    place: tuple[float, float], shift_m: int
) -> None:
    # the cities' shifts were published for points a few hundred metres from these
    assert metres(place, from_wgs84(*place, "gcj02")) == pytest.approx(shift_m, abs=5)


def test_shanghai_moves_to_the_point_that_was_published() -> None:
    assert from_wgs84(*SHANGHAI, "gcj02") == pytest.approx((31.22846, 121.47822), abs=1e-5)


def test_bd09_lies_about_1200_m_from_the_true_point() -> None:
    assert 1100 < metres(SHANGHAI, from_wgs84(*SHANGHAI, "bd09")) < 1260


@given(st.sampled_from(DATUMS), st.floats(27, 35.2), st.floats(114.8, 122.9))
def test_every_point_of_the_delta_comes_back_from_every_datum_within_a_millimetre(
    datum: str, lat: float, lon: float
) -> None:
    back = wgs84(*from_wgs84(lat, lon, datum), datum)
    assert back == pytest.approx((lat, lon), abs=1e-8)  # 1e-8 degrees are 1.1 mm


def test_no_shift_applies_outside_china() -> None:
    berlin = (52.52, 13.405)
    assert wgs84(*berlin, "gcj02") == berlin


def test_wgs84_stays_as_it_is() -> None:
    assert wgs84(*SHANGHAI, "wgs84") == SHANGHAI
    assert from_wgs84(*SHANGHAI, "wgs84") == SHANGHAI


@pytest.mark.parametrize("convert", [wgs84, from_wgs84])
def test_an_unknown_datum_is_refused(convert: object) -> None:
    assert callable(convert)
    with pytest.raises(UnknownDatum, match="cgcs2000"):
        convert(*SHANGHAI, "cgcs2000")


@pytest.mark.parametrize(
    "point", [(121.4737, 31.2304), (float("nan"), 121.0), (31.0, float("inf")), (31.0, 181.0)]
)
def test_degrees_that_are_no_position_are_refused(point: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="position"):
        wgs84(*point, "gcj02")


def test_a_latitude_and_longitude_that_only_fit_when_exchanged_look_swapped() -> None:
    assert looks_swapped(121.4737, 31.2304)
    assert not looks_swapped(31.2304, 121.4737)
    assert not looks_swapped(52.52, 13.405)


def test_the_delta_holds_its_corners_and_not_beijing() -> None:
    assert inside_delta(34.598, 119.216)  # Lianyungang
    assert inside_delta(28.460, 119.910)  # Lishui
    assert not inside_delta(39.904, 116.407)  # Beijing
    assert not inside_delta(float("nan"), 120.0)
