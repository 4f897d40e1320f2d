"""Trips that are more than one load: several wastes on one vehicle, and what a collector stored, grouped."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select

from circularity.custody.drafting import Load
from circularity.custody.grouping import group_onto
from circularity.custody.reception import Receipt
from circularity.deals.contract import Agreement
from circularity.registry.entitlements import Facility
from seed.agenda import Thread
from seed.quarter_days import moment
from seed.quarter_trips import drafted, travels
from seed.shipping import TANKER_KG
from seed.stage import Stage, doing, spread

_FEWEST_GROUPED = 2
_DRUMS = "吨桶 · drums"

_LEFT_KG = Receipt.accepted_kg - Receipt.forwarded_kg - Receipt.treated_kg


@dataclass
class JointLoads:
    """Deals of one sender with one plant that share vehicles, which leave once all `deals` are in force."""

    stage: Stage
    deals: int
    _ready: list[tuple[Agreement, date, date]] = field(default_factory=list)

    def ships(self, agreement: Agreement, first: date, last: date) -> None:
        """Note that a deal's loads may leave; the last one lets the vehicles go, as full as they may be."""
        self._ready.append((agreement, first, last))
        if len(self._ready) < self.deals:
            return
        together = sum(ready.offer.mass_kg for ready, _, _ in self._ready)
        trips = -(-together // TANKER_KG)
        days = max(start for _, start, _ in self._ready), min(end for _, _, end in self._ready)
        for day in spread(*days, trips):
            self.stage.agenda.add(_a_joint_trip(self.stage, [row[0] for row in self._ready], day, trips))


def _a_joint_trip(stage: Stage, agreements: list[Agreement], day: date, trips: int) -> Thread:
    """Take an equal share of each deal on one vehicle, every waste on its own line."""
    yield (at := moment(day, 8, stage.random.randint(0, 59)))
    loads = [
        Load(
            deal.waste_code, deal.operation, deal.offer.mass_kg // trips // 20 * 20, packaging=_DRUMS,
            agreement=deal,
        )
        for deal in agreements
    ]  # fmt: skip
    yield from travels(stage, drafted(stage, agreements[0], loads, at), at, None)


def a_grouped_departure(stage: Stage, agreement: Agreement, day: date) -> Thread:
    """Let the oldest stored loads leave as one, as many as fit on a vehicle, the last of them in part."""
    yield (at := moment(day, 15, stage.random.randint(0, 59)))
    fractions = _oldest_stored(stage, agreement)
    if len(fractions) < _FEWEST_GROUPED:
        return
    sent_kg = sum(mass_kg for _, mass_kg in fractions)
    load = Load(agreement.waste_code, agreement.operation, sent_kg, packaging=_DRUMS)
    transfer = drafted(stage, agreement, [load], at)
    group_onto(
        stage.session, **doing(agreement.site.organisation, at), line=transfer.lines[0], fractions=fractions
    )
    yield from travels(stage, transfer, at, None)


def _oldest_stored(stage: Stage, agreement: Agreement) -> list[tuple[Receipt, int]]:
    """Return what of the stored loads goes on one vehicle and is still agreed, the oldest first."""
    stored = stage.session.scalars(
        select(Receipt)
        .join(Receipt.facility)
        .where(Facility.site_id == agreement.site_id, _LEFT_KG > 0)
        .order_by(Receipt.received_on, Receipt.id)
    )
    room_kg = min(TANKER_KG, agreement.offer.mass_kg - agreement.shipped_kg)
    chosen: list[tuple[Receipt, int]] = []
    for receipt in stored:
        left_kg = receipt.accepted_kg - receipt.forwarded_kg - receipt.treated_kg
        if receipt.line.waste_code == agreement.waste_code and room_kg:
            chosen.append((receipt, min(left_kg, room_kg)))
            room_kg -= min(left_kg, room_kg)
    return chosen
