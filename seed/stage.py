"""What the threads of the told quarter share: session, who is who, the days, the agenda, one seed number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from circularity.catalogue.waste_types import is_hazardous
from circularity.custody.carriers import Carrier
from circularity.deals.contract import Agreement
from circularity.organisations import Organisation
from seed.agenda import Agenda
from seed.cast import Cast, acting
from seed.quarter_days import Quarter

_PLATES = {"31": "沪", "32": "苏", "33": "浙", "34": "皖"}
_DANGEROUS_GOODS = ("HW08", "HW17", "HW18", "HW22", "HW23", "HW31", "HW34", "HW48", "HW49")

Ships = Callable[[Agreement, date, date], None]
"""Lets the loads of an agreement leave from one day to another."""


@dataclass
class Stage:
    """The stage of the told quarter; `told` counts what happened, so that some things happen regularly."""

    session: Session
    cast: Cast
    quarter: Quarter
    agenda: Agenda
    random: Random = field(default_factory=lambda: Random(20))  # noqa: S311 - a story, no secret
    told: Counter[str] = field(default_factory=Counter)

    def turn(self, what: str, every: int, first: int) -> bool:
        """Count that it comes up and tell whether it is its turn: the `first` time, then every so many."""
        self.told[what] += 1
        return self.told[what] % every == first % every and self.told[what] >= first

    def about(self, mass_kg: int, permille: int) -> int:
        """Return a mass that lies within so many ‰ of another one, in steps of 20 kg as bridges weigh."""
        share = 1000 + self.random.randint(-permille, permille)
        return max(mass_kg * share // 1000 // 20 * 20, 20)

    def plate(self, region_code: str) -> str:
        """Return a number plate that nobody bears: its letters say so."""
        return f"{_PLATES[region_code[:2]]}·演{self.random.randint(0, 9999):04d}"

    def carrier(self, waste_code: str, region_code: str) -> Carrier:
        """Return a carrier that may take a waste."""
        if is_hazardous(waste_code):
            hauler = self.cast.organisations["carrier_jinfeng"]
            return Carrier(hauler, self.plate("32"), "DEMO-危运-001", _DANGEROUS_GOODS)
        name = "carrier_wuhu" if region_code.startswith("34") else "carrier_pudong"
        return Carrier(self.cast.organisations[name], self.plate(region_code))


def doing(organisation: Organisation, at: datetime) -> dict[str, Any]:
    """Return the arguments of a verb that say who acts for which organisation, and when."""
    return {"actor": acting(organisation), "at": at}


def spread(first: date, last: date, count: int) -> list[date]:
    """Return so many days between first and last, evenly apart."""
    days = (last - first).days
    return [first + timedelta(days=days * (2 * k + 1) // (2 * count)) for k in range(count)]
