"""Mass for tests of the rates: groups posted straight to the ledger, the story left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from registry import AT, FLY_ASH, JIANGSU, SHANGHAI, Registry

from circularity.ledger.groups import post, reverse
from circularity.ledger.mass import MassGroup
from circularity.ledger.postings import Cell, Movement
from circularity.organisations import Site

DAY = date(2026, 6, 30)


@dataclass
class Posted:
    """A works whose mass is posted, in kg; the legs of one call are one group on `day`."""

    registry: Registry
    works: Site
    waste_code: str = FLY_ASH

    def post(
        self,
        event: str,
        *legs: tuple[str, int] | tuple[str, int, str],
        day: date = DAY,
        vintage: int | None = None,
        holder: Site | None = None,
        to: Site | None = None,
        subject: Any = None,
    ) -> MassGroup:
        """Post legs of (name, kg) or (name, kg, operation)."""
        cell = Cell(self.works.id, self.waste_code, vintage or day.year)
        movements = [
            Movement(
                leg[0], cell, leg[1], (holder or self.works).id, to and to.id, leg[2] if len(leg) == 3 else ""
            )
            for leg in legs
        ]
        group = post(
            self.registry.session,
            event=event,
            on_day=day,
            at=AT,
            subject=subject or self.works,
            movements=movements,
        )
        assert group is not None
        return group

    def month(self, *legs: Any, **facts: Any) -> MassGroup:
        """Close a month."""
        return self.post("month.closed", *legs, **facts)

    def opened(self, mass_kg: int, vintage: int, **facts: Any) -> MassGroup:
        """Find stock of a year."""
        return self.post("stock.opened", ("opening", mass_kg), vintage=vintage, **facts)

    def delivered(
        self, mass_kg: int, plant: Site, operation: str = "C2", short: int = 0, **facts: Any
    ) -> MassGroup:
        """Send mass to a plant and have all but `short` accepted there."""
        subject = facts.pop("subject", None)
        self.post("sheet.sent", ("sent", mass_kg), **facts)
        legs = (("received", mass_kg - short, operation), ("short", short, operation))
        return self.post("receipt.accepted", *legs, to=plant, subject=subject, **facts)

    def treated(self, plant: Site, *legs: Any, **facts: Any) -> MassGroup:
        """Record what a plant made of the works' mass."""
        return self.post("treatment.recorded", *legs, holder=plant, **facts)

    def undo(self, group: MassGroup, day: date = DAY) -> MassGroup:
        """Reverse a group."""
        return reverse(self.registry.session, group=group, on_day=day, at=AT)


def works_of(registry: Registry, place: tuple[float, float, str] = SHANGHAI, **facts: Any) -> Posted:
    """A works of its own organisation, in Shanghai unless told otherwise."""
    code = facts.pop("waste_code", FLY_ASH)
    works = registry.site(place, **facts)
    registry.session.flush()
    return Posted(registry, works, code)


def plant_of(registry: Registry, place: tuple[float, float, str] = JIANGSU) -> Site:
    """A site that takes waste."""
    plant = registry.site(place)
    registry.session.flush()
    return plant
