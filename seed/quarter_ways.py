"""How the loads of deals leave: evenly over their days, as suits their mass or as a contract says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from circularity.deals.contract import Agreement
from seed.parties import ContractRow
from seed.quarter_shared_trips import JointLoads, a_grouped_departure
from seed.quarter_sheets import a_sheet
from seed.quarter_trips import a_trip
from seed.shipping import Freight, Shipping, collected, natural_loads, shippings
from seed.stage import Ships, Stage, spread


def ways_of(stage: Stage, contracts: Sequence[ContractRow]) -> Iterator[Ships]:
    """Return what lets the loads of each contract leave; those of one sender and plant may leave jointly."""
    sharing = Counter((row.party, row.entitlement) for row in contracts if row.way == "joint")
    joint = {pair: JointLoads(stage, deals) for pair, deals in sharing.items()}
    for row in contracts:
        if row.way == "joint":
            yield joint[row.party, row.entitlement].ships
        else:
            yield _ships(stage, row)


def _ships(stage: Stage, row: ContractRow) -> Ships:
    freight = Freight(row.waste_code, row.mass_kg, None)
    way = shippings([freight], natural_loads(freight))[0]
    if row.way == "grouped":
        return _grouped(stage, way.loads)
    if row.way == "collected":
        way = collected(freight)
    elif row.way:
        way = replace(way, way=row.way)
    return as_suits(stage, freight, way)


def _grouped(stage: Stage, loads: int) -> Ships:
    """Return what lets a collector's stored loads leave together."""

    def ships(agreement: Agreement, first: date, last: date) -> None:
        for day in spread(first, last, loads):
            stage.agenda.add(a_grouped_departure(stage, agreement, day))

    return ships


def as_suits(stage: Stage, freight: Freight, way: Shipping) -> Ships:
    """Return what lets a deal's loads leave, evenly over its days; every tenth deal falls behind."""

    def ships(agreement: Agreement, first: date, last: date) -> None:
        part = 7 if stage.turn("deals", 10, 6) else 10
        left_kg = agreement.offer.mass_kg * part // 10
        for day in spread(first, last, way.loads) if first <= last else ():
            sent_kg = min(stage.about(way.load_kg, 30), left_kg)
            left_kg -= sent_kg
            if not sent_kg:
                return
            if way.way == "trip":
                stage.agenda.add(a_trip(stage, agreement, day, sent_kg, freight.distance_m))
            else:
                stage.agenda.add(a_sheet(stage, agreement, day, sent_kg, way.way))

    return ships
