"""What a pair costs at least, by a straight line through the earth.

The checker asks of every pair that ties before the cost whether it is cheaper than the plan. For nearly all
the answer needs no geodesic: even along the chord, which no way is shorter than, they cost too much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from circularity.units import M_PER_KM, MISSING, IntArray
from matching.case import Case
from matching.flow.radix import largest
from matching.geodesic import EQUATOR_M, FLATTENING, FloatArray
from matching.pairs.costs import MG_PER_KG

BoolArray = npt.NDArray[np.bool_]

POLE_M = EQUATOR_M * (1 - FLATTENING)
"""The auxiliary sphere blown up to this radius lies inside the ellipsoid, and so do its chords."""

EXACT = 2**48
"""Sums of a few numbers below this lose less than one in floating point."""

HALFWAY = 2.0
"""The squared chord of a quarter of the globe; the geodesic's series is not asked to be exact beyond."""

SHORT_M = 2.0
"""The geodesic's series and its rounding to a metre together fall short of the true distance by less."""

SLACK_UCNY = 4.0
"""Covers the roundings of a cost's components and those of floating point."""


@dataclass(frozen=True)
class CostFloor:
    """Lower bounds of the costs of a case whose distances are all computed and whose costs name no lane."""

    outputs: FloatArray
    capacities: FloatArray
    price_ucny_per_kg: IntArray
    fee_ucny_per_kg: IntArray
    ucny_per_kg_m: float

    @classmethod
    def of(cls, case: Case) -> CostFloor | None:
        """Return the bounds, or None where a straight line bounds nothing or numbers are too large."""
        outputs, facilities, parameters = case.outputs, case.facilities, case.parameters
        if case.lanes.output.size or not (outputs.all_located and facilities.all_located):
            return None
        price = np.where(outputs.price_ucny_per_kg == MISSING, 0, outputs.price_ucny_per_kg)
        fee = case.capacities.gate_fee_ucny_per_kg
        fee = np.where(fee == MISSING, 0, fee)
        carbon = parameters.emission_mg_per_kg_km * parameters.carbon_price_ucny_per_kg_co2e / MG_PER_KG
        rate = (parameters.transport_ucny_per_kg_km + carbon) / M_PER_KM * parameters.detour_permille / 1000
        if max(largest(price), largest(fee), 2 * POLE_M * rate) >= EXACT:
            return None
        there = facilities.directions.at(case.capacities.facility)
        return cls(
            np.stack([outputs.directions.x, outputs.directions.y, outputs.directions.z], axis=1),
            np.stack([there.x, there.y, there.z]),
            price,
            fee,
            rate,
        )

    def may_pay(self, output: IntArray, capacity: IntArray, across: IntArray) -> BoolArray:
        """Say of which pairs of a grid the cost and what it goes `across`, µCNY/kg, may be 0 or less."""
        may: BoolArray = self.at(output, capacity) + across <= 0
        return may

    def at(self, output: IntArray, capacity: IntArray) -> FloatArray:
        """Return the least that each pair of these outputs and capacities costs, µCNY/kg, as a grid."""
        square = 2 - 2 * (self.outputs[output] @ self.capacities[:, capacity])
        least: FloatArray = np.sqrt(np.maximum(square, 0))
        least *= POLE_M * self.ucny_per_kg_m
        least += (self.fee_ucny_per_kg[capacity] - SHORT_M * self.ucny_per_kg_m - SLACK_UCNY)[None, :]
        least -= self.price_ucny_per_kg[output][:, None]
        least[square > HALFWAY] = -np.inf
        return least
