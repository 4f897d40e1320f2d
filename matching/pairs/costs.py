"""The cost of a pair in µCNY per kg, as named components in the order of `PROBLEM.md`.

cost = transport + gate fee - price + carbon. A component that is unknown counts 0 in the sum and is flagged;
carbon is never flagged, because it is a valuation of the distance and not money that anybody owes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from circularity.units import M_PER_KM, MISSING, IntArray, divide_half_up
from matching.case import Case

COMPONENTS = ("transport", "gate_fee", "price", "carbon")
MONEY = COMPONENTS[:3]

MG_PER_KG = 1_000_000
INT64_MAX = 2**63 - 1


class CostTooLarge(ValueError):
    """A distance, rate or fee is so large that a cost would not fit 64 bits; no real case comes near."""


@dataclass(frozen=True)
class Costs:
    """Components of the pairs' cost, µCNY/kg, signed as they enter the sum, and which of them are unknown."""

    components: Mapping[str, IntArray]
    unknown: Mapping[str, npt.NDArray[np.bool_]]

    def total_ucny_per_kg(self) -> IntArray:
        """Return the sum of the known components; negative where the pair earns money."""
        transport, *others = self.components.values()
        total = transport.copy()
        for component in others:
            total += component
        return total

    def net_ucny_per_kg(self) -> IntArray:
        """Return the generator's money per pair, MISSING where its transport or gate fee is unknown.

        A generator who names a limit and no price asks none: the limit still protects her. Carbon is left
        out: it values a plan, and nobody pays it.
        """
        total = sum((self.components[name] for name in MONEY), start=np.zeros_like(self.components["price"]))
        total[self.unknown["transport"] | self.unknown["gate_fee"]] = MISSING
        return total


def pair_costs(case: Case, i: IntArray, j: IntArray, distance_m: IntArray, lane: IntArray) -> Costs:
    """Return the cost components of the pairs; `lane` as `distances.lane_rows` gives it.

    Raises CostTooLarge when a component or the sum could leave 64 bits.
    """
    components = {
        "transport": transport_ucny_per_kg(case, distance_m, lane),
        "gate_fee": case.capacities.gate_fee_ucny_per_kg[j],
        "price": case.outputs.price_ucny_per_kg[i],
        "carbon": carbon_ucny_per_kg(case, distance_m),
    }
    unknown = {name: components[name] == MISSING for name in MONEY}
    known = {name: np.where(part == MISSING, 0, part) for name, part in components.items()}
    known["price"] = -known["price"]
    if sum(_largest(part) for part in known.values()) > INT64_MAX:
        raise CostTooLarge("the sum of the cost components does not fit 64 bits")
    return Costs(known, unknown)


def transport_ucny_per_kg(case: Case, distance_m: IntArray, lane: IntArray) -> IntArray:
    """Return distance times the transport rate, or the lane's cost where it names one; MISSING if neither."""
    transport = _per_distance(distance_m, case.parameters.transport_ucny_per_kg_km, M_PER_KM)
    if not case.lanes.cost_ucny_per_kg.size:
        return transport
    named = np.where(lane >= 0, case.lanes.cost_ucny_per_kg[lane], MISSING)
    return np.where(named == MISSING, transport, named)


def carbon_ucny_per_kg(case: Case, distance_m: IntArray) -> IntArray:
    """Return distance times emission times carbon price; 0 where the distance is unknown."""
    parameters = case.parameters
    rate = parameters.emission_mg_per_kg_km * parameters.carbon_price_ucny_per_kg_co2e
    carbon = _per_distance(distance_m, rate, M_PER_KM * MG_PER_KG)
    return np.where(carbon == MISSING, 0, carbon)


def _per_distance(distance_m: IntArray, rate: int, denominator: int) -> IntArray:
    """Return distance times rate over denominator; the product is bounded in Python integers first."""
    known = distance_m != MISSING
    metres = np.where(known, distance_m, 0)
    # divide_half_up doubles its numerator and adds the denominator.
    if 2 * _largest(metres) * rate + denominator > INT64_MAX:
        raise CostTooLarge(f"a distance of {_largest(metres)} m times the rate {rate} does not fit 64 bits")
    return np.where(known, divide_half_up(metres * rate, denominator), MISSING)


def _largest(values: IntArray) -> int:
    return max(abs(int(values.min())), abs(int(values.max()))) if values.size else 0
