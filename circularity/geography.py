"""Points on the map: WGS-84 inside, GCJ-02 and BD-09 accepted at the edge, and checks for likely slips.

Chinese web maps shift positions by some 500 m (GCJ-02: Amap, Tencent) or 1.2 km (BD-09: Baidu). The shift is
a published function without a closed inverse; the inverse here is iterated until it reproduces the input.
Degrees everywhere, latitude first.
"""

from __future__ import annotations

import math
from collections.abc import Callable

Shift = Callable[[float, float], tuple[float, float]]

DATUMS = ("wgs84", "gcj02", "bd09")

SOUTH, NORTH, WEST, EAST = 27.0, 35.2, 114.8, 122.9
"""The box around Shanghai, Jiangsu, Zhejiang and Anhui, degrees."""

_AXIS_M = 6378245.0  # Krasovsky ellipsoid, on which the published shift is defined
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_BD_PHASE = math.pi * 3000.0 / 180.0
_BD_LAT, _BD_LON = 0.006, 0.0065
_CLOSE_ENOUGH = 1e-12  # degrees, about 0.1 micrometre
_ROUNDS = 60


class UnknownDatum(ValueError):
    """A text names no datum that can be read."""


def wgs84(lat: float, lon: float, datum: str) -> tuple[float, float]:
    """Return the WGS-84 point of a point given in `datum` (one of DATUMS).

    Exact to far below a centimetre inside China; outside, where no shift applies, GCJ-02 is WGS-84.
    Raises UnknownDatum for another datum, ValueError for degrees that are no position.
    """
    _require_position(lat, lon)
    if datum == "wgs84":
        return lat, lon
    if datum == "gcj02":
        return _inverse(_gcj02, lat, lon)
    if datum == "bd09":
        return _inverse(_gcj02, *_inverse(_bd09, lat, lon))
    raise UnknownDatum(f"not a datum: {datum!r}; known are {', '.join(DATUMS)}")


def from_wgs84(lat: float, lon: float, datum: str) -> tuple[float, float]:
    """Return the point in `datum` of a WGS-84 point, for maps that are drawn in it; raises as `wgs84`."""
    _require_position(lat, lon)
    if datum == "wgs84":
        return lat, lon
    if datum == "gcj02":
        return _gcj02(lat, lon)
    if datum == "bd09":
        return _bd09(*_gcj02(lat, lon))
    raise UnknownDatum(f"not a datum: {datum!r}; known are {', '.join(DATUMS)}")


def inside_delta(lat: float, lon: float) -> bool:
    """Return whether the point lies in the box around the Delta; False for NaN."""
    return SOUTH <= lat <= NORTH and WEST <= lon <= EAST


def looks_swapped(lat: float, lon: float) -> bool:
    """Return whether latitude and longitude were probably exchanged: only the exchanged point fits."""
    return not inside_delta(lat, lon) and inside_delta(lon, lat)


def _require_position(lat: float, lon: float) -> None:
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise ValueError(f"not a position on earth: {lat}, {lon}")


def _gcj02(lat: float, lon: float) -> tuple[float, float]:
    """Return the GCJ-02 point of a WGS-84 point (public reverse-engineered formula, eviltransform)."""
    if not (0.8293 <= lat <= 55.8271 and 72.004 <= lon <= 137.8347):
        return lat, lon
    x, y = lon - 105.0, lat - 35.0
    root = math.sqrt(abs(x))
    both = _waves(x, (20.0, 1 / 6), (20.0, 1 / 2))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (both + _waves(y, (20.0, 1), (40.0, 3), (160.0, 12), (320.0, 30))) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (both + _waves(x, (20.0, 1), (40.0, 3), (150.0, 12), (300.0, 30))) * 2.0 / 3.0
    radians = math.radians(lat)
    magic = 1.0 - _ECCENTRICITY_SQUARED * math.sin(radians) ** 2
    meridian = _AXIS_M * (1.0 - _ECCENTRICITY_SQUARED) / magic**1.5
    parallel = _AXIS_M / math.sqrt(magic) * math.cos(radians)
    return lat + math.degrees(north / meridian), lon + math.degrees(east / parallel)


def _waves(value: float, *pairs: tuple[float, float]) -> float:
    """Return a sum of sines over `value` degrees, each given as amplitude (m) and half period (degrees)."""
    return sum(amplitude * math.sin(value * math.pi / half) for amplitude, half in pairs)


def _bd09(lat: float, lon: float) -> tuple[float, float]:
    """Return the BD-09 point of a GCJ-02 point."""
    radius = math.hypot(lon, lat) + 2e-5 * math.sin(lat * _BD_PHASE)
    angle = math.atan2(lat, lon) + 3e-6 * math.cos(lon * _BD_PHASE)
    return radius * math.sin(angle) + _BD_LAT, radius * math.cos(angle) + _BD_LON


def _inverse(forward: Shift, lat: float, lon: float) -> tuple[float, float]:
    """Return the point that `forward` moves to the given one.

    Fixed point: a shift changes by less than 1 % over its own length, so each round gains two digits.
    """
    guess_lat, guess_lon = lat, lon
    for _ in range(_ROUNDS):
        shifted_lat, shifted_lon = forward(guess_lat, guess_lon)
        off_lat, off_lon = lat - shifted_lat, lon - shifted_lon
        guess_lat, guess_lon = guess_lat + off_lat, guess_lon + off_lon
        if max(abs(off_lat), abs(off_lon)) < _CLOSE_ENOUGH:
            break
    return guess_lat, guess_lon
