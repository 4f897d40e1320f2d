"""Distances of pairs in whole metres: a lane's where one is given, else the WGS-84 geodesic times the detour.

The geodesic is Vincenty's inverse formula (Survey Review 23 (176), 1975) over arrays. A spherical formula
is up to 0.34 % off here and would decide thousands of pairs at a distance limit wrongly; this one stays
within a metre of `geopy.distance.geodesic`, which the tests use as the reference.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from circularity.units import MISSING, IntArray, divide_half_up
from matching.case import Case

FloatArray = npt.NDArray[np.float64]

EQUATOR_M = 6378137.0
FLATTENING = 1 / 298.257223563
POLE_M = EQUATOR_M * (1 - FLATTENING)
E7 = 10_000_000

# Converged to about 6 µm on the ground; four or five rounds suffice anywhere but near the antipode.
TOLERANCE_RAD = 1e-12
MAX_ROUNDS = 60


def geodesic_m(lat_a_e7: IntArray, lon_a_e7: IntArray, lat_b_e7: IntArray, lon_b_e7: IntArray) -> IntArray:
    """Return the WGS-84 distance in whole metres between points given in 1e-7 degrees, element by element.

    Accurate to the metre between any two points that are not nearly opposite each other on the globe.
    """
    sin_a, cos_a = _reduced_latitude(lat_a_e7)
    sin_b, cos_b = _reduced_latitude(lat_b_e7)
    longitude = np.radians((lon_b_e7 - lon_a_e7) / E7)
    auxiliary = longitude.copy()
    for _ in range(MAX_ROUNDS):
        sin_l, cos_l = np.sin(auxiliary), np.cos(auxiliary)
        across = np.hypot(cos_b * sin_l, cos_a * sin_b - sin_a * cos_b * cos_l)
        along = sin_a * sin_b + cos_a * cos_b * cos_l
        angle = np.arctan2(across, along)
        sin_azimuth = np.divide(cos_a * cos_b * sin_l, across, out=np.zeros_like(across), where=across > 0)
        cos2_azimuth = 1 - sin_azimuth**2
        cos_middle = along - np.divide(
            2 * sin_a * sin_b, cos2_azimuth, out=along.copy(), where=cos2_azimuth > 0
        )
        step = FLATTENING / 16 * cos2_azimuth * (4 + FLATTENING * (4 - 3 * cos2_azimuth))
        bend = angle + step * across * (cos_middle + step * along * (2 * cos_middle**2 - 1))
        previous, auxiliary = auxiliary, longitude + (1 - step) * FLATTENING * sin_azimuth * bend
        if not auxiliary.size or np.max(np.abs(auxiliary - previous)) < TOLERANCE_RAD:
            break
    return _arc_length_m(angle, across, along, cos_middle, cos2_azimuth)


def lane_rows(case: Case, i: IntArray, j: IntArray) -> IntArray:
    """Return for each pair its row in the case's lanes, -1 where it has none."""
    lanes = case.lanes
    width = case.shape[1]
    keys = lanes.output * width + lanes.capacity
    if not keys.size:
        return np.full(len(i), -1, dtype=np.int64)
    wanted = i * width + j
    row = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[row] == wanted, row, -1)


def lane_limits_kg(case: Case, i: IntArray, j: IntArray) -> IntArray:
    """Return the limit of each pair's lane in kg, MISSING where it has no lane or the lane no limit."""
    if not case.lanes.limit_kg.size:
        return np.full(len(i), MISSING, dtype=np.int64)
    lane = lane_rows(case, i, j)
    return np.where(lane >= 0, case.lanes.limit_kg[lane], MISSING)


def pair_distances_m(case: Case, i: IntArray, j: IntArray, lane: IntArray) -> IntArray:
    """Return each pair's distance in metres, detour included; MISSING where neither source gives one.

    `lane` is what `lane_rows` returned for the same pairs. A lane's distance is a travelled one: no detour.
    """
    outputs, facilities = case.outputs, case.facilities
    f = case.capacities.facility[j]
    distance = np.full(len(i), MISSING, dtype=np.int64)
    if case.lanes.distance_m.size:
        distance = np.where(lane >= 0, case.lanes.distance_m[lane], MISSING)
    located_output = (outputs.lat_e7 != MISSING) & (outputs.lon_e7 != MISSING)
    located_facility = (facilities.lat_e7 != MISSING) & (facilities.lon_e7 != MISSING)
    open_pair = np.flatnonzero((distance == MISSING) & located_output[i] & located_facility[f])
    i, f = i[open_pair], f[open_pair]
    straight = geodesic_m(outputs.lat_e7[i], outputs.lon_e7[i], facilities.lat_e7[f], facilities.lon_e7[f])
    distance[open_pair] = divide_half_up(straight * case.parameters.detour_permille, 1000)
    return distance


def _reduced_latitude(lat_e7: IntArray) -> tuple[FloatArray, FloatArray]:
    tangent = (1 - FLATTENING) * np.tan(np.radians(lat_e7 / E7))
    cosine = 1 / np.sqrt(1 + tangent**2)
    return tangent * cosine, cosine


def _arc_length_m(
    angle: FloatArray, across: FloatArray, along: FloatArray, cos_middle: FloatArray, cos2_azimuth: FloatArray
) -> IntArray:
    """Turn the angle on the auxiliary sphere into metres on the ellipsoid, rounded half up."""
    u2 = cos2_azimuth * (EQUATOR_M**2 - POLE_M**2) / POLE_M**2
    scale = 1 + u2 / 16384 * (4096 + u2 * (-768 + u2 * (320 - 175 * u2)))
    b = u2 / 1024 * (256 + u2 * (-128 + u2 * (74 - 47 * u2)))
    inner = along * (2 * cos_middle**2 - 1) - b / 6 * cos_middle * (4 * across**2 - 3) * (
        4 * cos_middle**2 - 3
    )
    correction = b * across * (cos_middle + b / 4 * inner)
    return np.floor(POLE_M * scale * (angle - correction) + 0.5).astype(np.int64)
