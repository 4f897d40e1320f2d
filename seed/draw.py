"""A Delta of any size drawn from one seed number, as columns; the same seed number draws the same columns.

A stream is one row of `data/streams.csv`: a waste, the pattern under which facilities take it, usual masses,
fees and one analyte with its limit. Streams share no capacity, so each is a matching problem of its own.

What is drawn is made up, shaped like the region: the k-th stream has k^-0.7 times the rows of the first;
sites crowd around Lake Tai and thin out towards the edges; most lots are small and few are large; lots become
ready on the first of a month and wait to the end of a quarter, as ledgers and plans are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from circularity.catalogue import regions
from circularity.catalogue.waste_types import is_hazardous
from circularity.geography import EAST, NORTH, SOUTH, WEST
from circularity.units import M_PER_KM, MISSING, IntArray
from matching.case_tables import TextArray
from seed.parties import Stream
from seed.tables import read_streams

OUTPUTS_PER_GENERATOR = 3
CAPACITIES_PER_FACILITY = 2
E7 = 10_000_000
BoolArray = npt.NDArray[np.bool_]
FIRST_DAY = date(2027, 1, 1)
"""First day of the drawn half year, fixed so that a seed number names one case for ever."""

MONTHS = tuple((date(2027, month, 1) - FIRST_DAY).days for month in (1, 2, 3))
QUARTER_ENDS = tuple((date(2027, month, day) - FIRST_DAY).days for month, day in ((3, 31), (6, 30)))
_SCARCITY_PERMILLE = 900
_STREAM_DECAY = 0.7
_CENTRE = (31.2, 120.3)
_CROWDED_DEGREES = 1.6
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
    from_day: IntArray
    to_day: IntArray


@dataclass(frozen=True)
class Draw:
    """One drawn Delta."""

    streams: tuple[Stream, ...]
    generators: Sites
    facilities: Sites
    outputs: DrawnOutputs
    capacities: DrawnCapacities


def draw(
    n_outputs: int,
    n_capacities: int,
    groups: int,
    random_seed: int,
    capacity_permille: int = _SCARCITY_PERMILLE,
) -> Draw:
    """Return `n_outputs` and `n_capacities` over the first `groups` streams.

    In every stream the capacities together hold `capacity_permille` thousandths of the mass that is posted.
    Raises ValueError for numbers below 1, more groups than streams, or too few rows for one in each group.
    """
    streams = read_streams()
    n_facilities = -(-n_capacities // CAPACITIES_PER_FACILITY)
    if not 1 <= groups <= len(streams) or min(n_outputs, n_facilities) < groups:
        raise ValueError(f"needs 1 to {len(streams)} groups, an output and a facility of two lines in each")
    chosen, random = streams[:groups], np.random.default_rng(random_seed)
    outputs = _outputs(random, chosen, _streams(random, n_outputs, groups))
    facility = np.arange(n_capacities, dtype=np.int64) // CAPACITIES_PER_FACILITY
    stream = _streams(random, n_facilities, groups)[facility]
    return Draw(
        streams=chosen,
        generators=_sites(random, int(outputs.generator[-1]) + 1),
        facilities=_sites(random, n_facilities),
        outputs=outputs,
        capacities=_capacities(random, chosen, stream, facility, outputs, capacity_permille),
    )


def _streams(random: np.random.Generator, count: int, groups: int) -> IntArray:
    """Draw a stream for each row: one row for every stream, then by the streams' shares."""
    share = np.arange(1, groups + 1) ** -_STREAM_DECAY
    rest = random.choice(groups, size=count - groups, p=share / share.sum())
    return np.concatenate([np.arange(groups, dtype=np.int64), rest])


def _sites(random: np.random.Generator, count: int) -> Sites:
    """Scatter sites up to about 12 km around the centres of prefectures, counties and districts.

    The chance of a centre is 1 / (1 + (d / 1.6°)²)², with d its distance from Lake Tai.
    """
    centres = [region for region in regions.all_regions() if region.level != "province"]
    lat_e7 = np.array([round(c.lat * E7) for c in centres], dtype=np.int64)
    lon_e7 = np.array([round(c.lon * E7) for c in centres], dtype=np.int64)
    north, east = lat_e7 / E7 - _CENTRE[0], (lon_e7 / E7 - _CENTRE[1]) * np.cos(np.radians(_CENTRE[0]))
    chance = (1 + (north**2 + east**2) / _CROWDED_DEGREES**2) ** -2
    at = random.choice(len(centres), size=count, p=chance / chance.sum())
    lat = lat_e7[at] + random.integers(-_MARGIN_E7, _MARGIN_E7, size=count)
    lon = lon_e7[at] + random.integers(-_MARGIN_E7, _MARGIN_E7, size=count)
    return Sites(
        region_code=np.array([c.code for c in centres])[at],
        lat_e7=np.clip(lat, round(SOUTH * E7), round(NORTH * E7)),
        lon_e7=np.clip(lon, round(WEST * E7), round(EAST * E7)),
    )


def _outputs(random: np.random.Generator, streams: Sequence[Stream], stream: IntArray) -> DrawnOutputs:
    """Draw what outputs say of themselves; one in twenty lacks its assay, one in four must go by March."""
    count = len(stream)
    hazardous = np.array([is_hazardous(s.waste_code) for s in streams])[stream]
    content = _between(random, streams, "content_from", "content_to", stream)
    dearest_fee = _column(streams, "gate_fee_to_ucny_per_kg")[stream]
    return DrawnOutputs(
        stream=stream,
        generator=np.arange(count, dtype=np.int64) // OUTPUTS_PER_GENERATOR,
        mass_kg=_lots(random, streams, stream),
        content=np.where(random.random(count) < 0.05, MISSING, content),
        stored_days=np.where(hazardous, random.integers(0, 401, size=count), MISSING),
        from_day=np.array(MONTHS)[random.integers(len(MONTHS), size=count)],
        to_day=np.array(QUARTER_ENDS)[(random.random(count) < 0.75).astype(np.intp)],
        restricted=random.random(count) < 0.1,
        # What one in ten will not go beyond: the dearest gate and some 300 km of road.
        max_net_cost_ucny_per_kg=np.where(random.random(count) < 0.1, dearest_fee + 180_000, MISSING),
    )


def _lots(random: np.random.Generator, streams: Sequence[Stream], stream: IntArray) -> IntArray:
    """Draw masses evenly over the logarithm between a stream's least and largest lot, in whole kilograms."""
    least, largest = (np.log(_column(streams, f"lot_{end}_kg")) for end in ("from", "to"))
    logarithm = least[stream] + random.random(len(stream)) * (largest - least)[stream]
    mass_kg: IntArray = np.rint(np.exp(logarithm)).astype(np.int64)
    return mass_kg


def _capacities(
    random: np.random.Generator,
    streams: Sequence[Stream],
    stream: IntArray,
    facility: IntArray,
    outputs: DrawnOutputs,
    capacity_permille: int,
) -> DrawnCapacities:
    """Draw capacities; one in ten opens only in the second quarter, one in ten closes after the first."""
    count = len(stream)
    weight = random.integers(1, 10, size=count)
    posted = _sum_by(outputs.stream, outputs.mass_kg, len(streams))
    weights = _sum_by(stream, weight, len(streams))
    allowed, open_in = random.random(count) < 0.5, random.random(count)
    return DrawnCapacities(
        stream=stream,
        facility=facility,
        operation=np.array([_operation(streams[s], j) for j, s in enumerate(stream.tolist())]),
        mass_kg=posted[stream] * weight // weights[stream] * capacity_permille // 1000,
        gate_fee_ucny_per_kg=_between(
            random, streams, "gate_fee_from_ucny_per_kg", "gate_fee_to_ucny_per_kg", stream
        ),
        limit=np.where(allowed, _column(streams, "content_limit")[stream], MISSING),
        max_distance_m=np.where(
            random.random(count) < 0.2, random.integers(250, 601, size=count) * M_PER_KM, MISSING
        ),
        valid_days=random.integers(200, 1500, size=count),
        accepts_from=np.array(_GRANTED)[random.integers(len(_GRANTED), size=count)],
        from_day=np.where(open_in < 0.1, QUARTER_ENDS[0] + 1, 0),
        to_day=np.where(open_in >= 0.9, QUARTER_ENDS[0], QUARTER_ENDS[1]),
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
