"""A Delta of any size drawn from one seed number, as columns; the same seed number draws the same columns.

A stream is one row of `data/streams.csv`: a waste, the pattern under which facilities take it, usual masses,
fees and one analyte with its limit. Streams share no capacity, so each is a matching problem of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from circularity.catalogue import regions
from circularity.catalogue.waste_types import is_hazardous
from circularity.geography import EAST, NORTH, SOUTH, WEST
from circularity.units import M_PER_KM, MISSING, IntArray
from matching.case import TextArray
from seed.parties import Stream
from seed.tables import read_streams

OUTPUTS_PER_GENERATOR = 3
CAPACITIES_PER_FACILITY = 2
E7 = 10_000_000
BoolArray = npt.NDArray[np.bool_]
_SCARCITY_PERMILLE = 900
_MARGIN_E7 = E7 // 10
_GRANTED = ("", "", "31", "32;33", "31;34")


@dataclass(frozen=True)
class Sites:
    """Sites near regional centres: region codes and WGS-84 points in 1e-7 degrees."""

    region_code: TextArray
    lat_e7: IntArray
    lon_e7: IntArray


@dataclass(frozen=True)
class DrawnOutputs:
    """Columns of drawn outputs; `stream` and `generator` index those of the draw.

    Masses in kg, money in µCNY/kg, contents in millionths, days counted from the first day of the period.
    Absent integers are MISSING. A `restricted` output allows only its stream's first operation.
    """

    stream: IntArray
    generator: IntArray
    mass_kg: IntArray
    content: IntArray
    stored_days: IntArray
    from_day: IntArray
    to_day: IntArray
    restricted: BoolArray
    max_net_cost_ucny_per_kg: IntArray


@dataclass(frozen=True)
class DrawnCapacities:
    """Columns of drawn capacities; `stream` and `facility` index those of the draw, units as for outputs.

    `accepts_from` holds the provinces, `;`-separated, whose procedures are granted already.
    """

    stream: IntArray
    facility: IntArray
    operation: TextArray
    mass_kg: IntArray
    gate_fee_ucny_per_kg: IntArray
    limit: IntArray
    max_distance_m: IntArray
    valid_days: IntArray
    accepts_from: TextArray


@dataclass(frozen=True)
class Draw:
    """One drawn Delta."""

    streams: tuple[Stream, ...]
    generators: Sites
    facilities: Sites
    outputs: DrawnOutputs
    capacities: DrawnCapacities


def draw(n_outputs: int, n_capacities: int, groups: int, random_seed: int) -> Draw:
    """Return `n_outputs` and `n_capacities` over the first `groups` streams.

    Raises ValueError for numbers below 1, more groups than streams, or fewer rows than groups.
    """
    streams = read_streams()
    if not 1 <= groups <= len(streams) or min(n_outputs, n_capacities) < groups:
        raise ValueError(f"needs 1 to {len(streams)} groups and at least one output and capacity in each")
    chosen, random = streams[:groups], np.random.default_rng(random_seed)
    # Round robin, so that every stream has its share of both sides whatever the numbers.
    outputs = _outputs(random, chosen, np.arange(n_outputs, dtype=np.int64) % groups)
    capacities = _capacities(random, chosen, np.arange(n_capacities, dtype=np.int64), outputs)
    return Draw(
        streams=chosen,
        generators=_sites(random, int(outputs.generator[-1]) + 1),
        facilities=_sites(random, int(capacities.facility[-1]) + 1),
        outputs=outputs,
        capacities=capacities,
    )


def _sites(random: np.random.Generator, count: int) -> Sites:
    """Scatter sites up to about 12 km around the centres of prefectures, counties and districts."""
    centres = [region for region in regions.all_regions() if region.level != "province"]
    at = random.integers(len(centres), size=count)
    lat = np.array([round(c.lat * E7) for c in centres], dtype=np.int64)[at]
    lon = np.array([round(c.lon * E7) for c in centres], dtype=np.int64)[at]
    lat += random.integers(-_MARGIN_E7, _MARGIN_E7, size=count)
    lon += random.integers(-_MARGIN_E7, _MARGIN_E7, size=count)
    return Sites(
        region_code=np.array([c.code for c in centres])[at],
        lat_e7=np.clip(lat, round(SOUTH * E7), round(NORTH * E7)),
        lon_e7=np.clip(lon, round(WEST * E7), round(EAST * E7)),
    )


def _outputs(random: np.random.Generator, streams: Sequence[Stream], stream: IntArray) -> DrawnOutputs:
    """Draw what outputs say of themselves; one in twenty lacks its assay."""
    count = len(stream)
    hazardous = np.array([is_hazardous(s.waste_code) for s in streams])[stream]
    content = _between(random, streams, "content_from", "content_to", stream)
    dearest_fee = _column(streams, "gate_fee_to_ucny_per_kg")[stream]
    from_day = random.integers(0, 61, size=count)
    return DrawnOutputs(
        stream=stream,
        generator=np.arange(count, dtype=np.int64) // OUTPUTS_PER_GENERATOR,
        mass_kg=_between(random, streams, "lot_from_kg", "lot_to_kg", stream),
        content=np.where(random.random(count) < 0.05, MISSING, content),
        stored_days=np.where(hazardous, random.integers(0, 401, size=count), MISSING),
        from_day=from_day,
        to_day=from_day + random.integers(60, 121, size=count),
        restricted=random.random(count) < 0.1,
        # What one in ten will not go beyond: the dearest gate and some 300 km of road.
        max_net_cost_ucny_per_kg=np.where(random.random(count) < 0.1, dearest_fee + 180_000, MISSING),
    )


def _capacities(
    random: np.random.Generator, streams: Sequence[Stream], row: IntArray, outputs: DrawnOutputs
) -> DrawnCapacities:
    """Draw capacities that together hold nine tenths of what their stream posts."""
    count, facility = len(row), row // CAPACITIES_PER_FACILITY
    stream = facility % len(streams)
    weight = random.integers(1, 10, size=count)
    posted = _sum_by(outputs.stream, outputs.mass_kg, len(streams))
    weights = _sum_by(stream, weight, len(streams))
    allowed = random.random(count) < 0.5
    return DrawnCapacities(
        stream=stream,
        facility=facility,
        operation=np.array([_operation(streams[s], j) for j, s in enumerate(stream.tolist())]),
        mass_kg=posted[stream] // weights[stream] * weight * _SCARCITY_PERMILLE // 1000,
        gate_fee_ucny_per_kg=_between(
            random, streams, "gate_fee_from_ucny_per_kg", "gate_fee_to_ucny_per_kg", stream
        ),
        limit=np.where(allowed, _column(streams, "content_limit")[stream], MISSING),
        max_distance_m=np.where(
            random.random(count) < 0.2, random.integers(250, 601, size=count) * M_PER_KM, MISSING
        ),
        valid_days=random.integers(200, 1500, size=count),
        accepts_from=np.array(_GRANTED)[random.integers(len(_GRANTED), size=count)],
    )


def _operation(stream: Stream, row: int) -> str:
    """Let the lines of one facility take turns at the operations of their stream."""
    return stream.operations[row % CAPACITIES_PER_FACILITY % len(stream.operations)]


def _sum_by(stream: IntArray, values: IntArray, count: int) -> IntArray:
    total = np.zeros(count, dtype=np.int64)
    np.add.at(total, stream, values)
    return total


def _column(streams: Sequence[Stream], name: str) -> IntArray:
    return np.array([getattr(s, name) for s in streams], dtype=np.int64)


def _between(
    random: np.random.Generator, streams: Sequence[Stream], low: str, high: str, stream: IntArray
) -> IntArray:
    """Draw whole numbers evenly between two columns of each row's stream, both ends included."""
    return random.integers(_column(streams, low)[stream], _column(streams, high)[stream] + 1)
