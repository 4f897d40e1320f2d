"""Distances of pairs in whole metres: a lane's where one is given, else the geodesic times the detour."""

from __future__ import annotations

import numpy as np

from circularity.units import MISSING, IntArray, divide_half_up
from matching.case import Case
from matching.geodesic import metres_between


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
    straight = metres_between(outputs.directions.at(i), facilities.directions.at(f))
    computed = divide_half_up(straight * case.parameters.detour_permille, 1000)
    if not (outputs.all_located and facilities.all_located):
        computed = np.where(outputs.located[i] & facilities.located[f], computed, MISSING)
    if not case.lanes.distance_m.size:
        return computed
    told = np.where(lane >= 0, case.lanes.distance_m[lane], MISSING)
    return np.where(told == MISSING, computed, told)
