"""What is on offer: windows of plants and lots of generators, for today's quarter or an earlier span."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from circularity.catalogue.waste_types import is_hazardous
from circularity.deals.limits import limit_kg
from circularity.deals.reservations import left_kg
from circularity.rates.planned_mass import held_by_deals
from circularity.registry.capacity import offer_capacity
from circularity.registry.entitlements import EntitlementLine
from circularity.registry.outputs import post_output
from circularity.units import KG_PER_T
from seed.cast import QUARTER_DAYS, Cast, acting
from seed.parties import Flow, LineRow

_YEAR_DAYS = 365

Dealt = Counter[tuple[int, str]]
"""What deals take of a year, kg by the key of the site and the waste."""


@dataclass(frozen=True, slots=True)
class Span:
    """Days that postings are for, and of the tables' masses the part `days` of a year; None: all of it."""

    first: date
    last: date
    days: int | None = None

    def part(self, mass_kg: int) -> int:
        """Return what of a mass belongs to the span, in whole tonnes where it is a part."""
        if self.days is None:
            return mass_kg
        return max(mass_kg * self.days // _YEAR_DAYS // KG_PER_T * KG_PER_T, min(mass_kg, KG_PER_T))


def the_next_quarter(cast: Cast) -> Span:
    """The quarter that begins today: all that is left of the year is on offer in it."""
    return Span(cast.today, cast.last_day)


def a_plant_offers_what_is_left_of_its_year(
    session: Session, cast: Cast, row: LineRow, line: EntitlementLine, span: Span
) -> None:
    """Offer what a line has not received or promised, deals on the platform counted once.

    A collector posts nothing: it stores for those it has contracts with, and no plan should end in a store.
    """
    if line.entitlement.facility.kind == "collector":
        return
    # What deals of the year hold is part of what the table says was received: it is not taken twice.
    limit, left = (ask(session, "line", line, cast.told_day.year) for ask in (limit_kg, left_kg))
    dealt_kg = 0 if limit is None or left is None else limit - left
    received_kg = max(row.received_kg - dealt_kg, 0)
    rest_kg = row.annual_limit_kg - row.received_kg - row.committed_kg
    is_part = span.days is not None
    offer_capacity(
        session,
        actor=acting(line.entitlement.facility.site.organisation),
        at=cast.told_at,
        line=line,
        available_from=span.first,
        available_to=span.last,
        permitted_kg=span.part(rest_kg) if is_part else max(row.annual_limit_kg - dealt_kg, row.committed_kg),
        received_kg=0 if is_part else received_kg,
        committed_kg=0 if is_part else row.committed_kg,
        stop_days=row.stop_days,
        max_distance_m=row.max_distance_m,
        visibility=_visibility(row.waste_pattern),
    )


def dealt_in_the_year(session: Session, cast: Cast) -> Dealt:
    """Return what deals take of the year of today, as planned rates count them beside what is posted."""
    dealt: Dealt = Counter()
    for mass in held_by_deals(session, cast.today.year):
        dealt[mass.site_id, mass.waste_code] += mass.mass_kg
    return dealt


def a_generator_posts_its_lots(
    session: Session, cast: Cast, flow: Flow, span: Span, dealt: Dealt | None = None
) -> None:
    """Post the equal lots of a flow, less what deals take of its year; nothing where they take all of it."""
    dealt_kg = 0 if dealt is None else dealt[cast.sites[flow.party].id, flow.waste_code]
    rest_kg = span.part(flow.posted_kg) - dealt_kg
    plan_kg = None if flow.plan_kg is None else max(span.part(flow.plan_kg) - dealt_kg, 0)
    for lot in range(flow.lots if rest_kg >= flow.lots else 0):
        _post_lot(session, cast, flow, lot, span, rest_kg, plan_kg)


def _post_lot(
    session: Session, cast: Cast, flow: Flow, lot: int, span: Span, mass_kg: int, plan_kg: int | None
) -> None:
    """Post one of the equal lots of a flow; they become available one after the other through the quarter."""
    starts = QUARTER_DAYS // 3 * lot
    # A lot that has yet to arise cannot have been stored before; one stored for long was there first.
    since = None
    if flow.stored_days is not None:
        since = span.first + timedelta(days=min(0, starts - flow.stored_days))
    post_output(
        session,
        actor=cast.actor(flow.party),
        at=cast.told_at,
        site=cast.sites[flow.party],
        waste_code=flow.waste_code,
        mass_kg=_share(mass_kg, flow.lots, lot),
        available_from=span.first + timedelta(days=starts),
        available_to=span.last,
        allowed_operations=flow.allowed_operations,
        max_distance_m=flow.max_distance_m,
        max_net_cost_ucny_per_kg=flow.max_net_cost_ucny_per_kg,
        price_ucny_per_kg=flow.price_ucny_per_kg,
        storage_since=since,
        plan_mass_kg=None if plan_kg is None else _share(plan_kg, flow.lots, lot),
        status=flow.status,
        assays=flow.assays,
        visibility=_visibility(flow.waste_code),
    )


def _share(mass_kg: int, lots: int, lot: int) -> int:
    """Return the mass of one of equal lots; the first lots take the kilograms that do not divide."""
    return mass_kg // lots + (lot < mass_kg % lots)


def _visibility(waste: str) -> str:
    """General waste is posted for everybody; what is hazardous is shown to possible partners only."""
    return "parties" if waste.startswith("HW") or is_hazardous(waste) else "public"
