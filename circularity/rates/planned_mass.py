"""The mass that planned rates rest on: what deals hold, and what a run proposes and leaves over beyond them.

A deal about a posted lot counts as the lot does, whole, less what was due in earlier years; a deal without a
lot counts what is due in the run's calendar year. A run made before a deal still proposes what the deal took:
of its proposal and of its lot only what the deals have left is told, so no kilogram is counted twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from circularity.catalogue import waste_types
from circularity.deals.ceilings import ANY_YEAR, Ceiling
from circularity.deals.contract import Agreement, AgreementProcedure, Offer
from circularity.deals.limits import mass_by_year
from circularity.organisations import Site
from circularity.rates.formula import in_scope
from circularity.registry.outputs import Output
from circularity.runs.stored import MatchingRun, Proposal, Unmatched, in_plan_of
from circularity.shares import split

STAGES = ("agreed", "reserved", "proposed", "left")
"""How far mass has come: agreed by both sides, accepted by one, proposed by the run, without an outlet."""

KEYS = ("province", "stream", "operation")
"""What masses may be told apart by."""

_STAGE_OF = {
    "accepted_by_generator": "reserved",
    "accepted_by_facility": "reserved",
    "agreed": "agreed",
    "suspended": "agreed",
    "ended": "agreed",
}
"""The deals that hold mass, by status; one that has ended holds what was shipped."""

_STANDING_OFFER = and_(Offer.agreement_id == Agreement.id, Offer.number == Agreement.offer_number)


@dataclass(frozen=True, slots=True)
class PlannedMass:
    """Kilograms of one waste of one site at one of STAGES; `waits` for a procedure, "" no operation."""

    site_id: int
    waste_code: str
    stage: str
    operation: str
    waits: bool
    mass_kg: int


def planned_masses(session: Session, run: MatchingRun) -> Iterator[PlannedMass]:
    """Yield what deals hold for the year of a run, what it proposes beyond them, and what it left over."""
    found = chain(held_by_deals(session, run.as_of.year), _untouched(session, run), _touched(session, run))
    yield from (mass for mass in found if mass.mass_kg)


def masses_by_stage(
    session: Session, run: MatchingRun, key: str, *, region: str = ""
) -> dict[str, dict[str, int]]:
    """Return the kg of industrial waste at each of STAGES by one of KEYS, sorted; `region` is a prefix.

    All operations are told, also those that count as no utilisation; what has no outlet has none ("").
    """
    sites = {row.id: row.region_code for row in session.execute(select(Site.id, Site.region_code))}
    table: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(STAGES, 0))
    for mass in planned_masses(session, run):
        place = sites[mass.site_id]
        if not place.startswith(region) or not in_scope(mass.waste_code, "general", run.as_of):
            continue
        words = {
            "province": place[:2],
            "stream": waste_types.find(mass.waste_code, run.as_of).stream,
            "operation": mass.operation,
        }
        table[words[key]][mass.stage] += mass.mass_kg
    return dict(sorted(table.items()))


def held_by_deals(session: Session, year: int) -> Iterator[PlannedMass]:
    """Yield the mass of deals that counts for a year.

    What waits is suspended, or hangs on a procedure that was never granted.
    """
    kinds = (AgreementProcedure.agreement_id, AgreementProcedure.kind)
    open_kinds = (
        select(kinds[0]).group_by(*kinds).having(func.max(AgreementProcedure.granted_on).is_(None)).subquery()
    )
    rows = session.execute(
        select(
            Agreement.site_id, Agreement.waste_code, Agreement.operation, Agreement.status,
            Agreement.shipped_kg, Agreement.output_id, Offer.mass_kg, Offer.valid_from, Offer.valid_to,
            Agreement.id.in_(select(open_kinds.c.agreement_id)).label("hangs"), Proposal.conditions,
        )
        .join(Offer, _STANDING_OFFER)
        .outerjoin(Proposal, Agreement.proposal_id == Proposal.id)
        .where(Agreement.status.in_(_STAGE_OF), Offer.valid_to >= date(year, 1, 1))
    )  # fmt: skip
    for row in rows:
        held_kg = row.shipped_kg if row.status == "ended" else row.mass_kg
        due = _due(held_kg, mass_by_year(row.mass_kg, row.valid_from, row.valid_to))
        counts = [y for y in due if y == year or (y > year and row.output_id is not None)]
        stage = _STAGE_OF[row.status]
        # Procedures are hung on a deal when both sides have agreed; before, its proposal knows them.
        waits = row.hangs or row.status == "suspended" or (stage == "reserved" and bool(row.conditions))
        mass_kg = sum(due[y] for y in counts)
        yield PlannedMass(row.site_id, row.waste_code, stage, row.operation, waits, mass_kg)


def _due(held_kg: int, by_year: dict[int, int]) -> dict[int, int]:
    """Return what is held by the year in which it is due, the earliest years first."""
    due = {}
    for year, kg in sorted(by_year.items()):
        due[year] = min(kg, held_kg)
        held_kg -= due[year]
    return due


def _untouched(session: Session, run: MatchingRun) -> Iterator[PlannedMass]:
    """Yield what a run says of lots of which deals took nothing, summed by the database."""
    of_site = (Output.site_id, Output.waste_code)
    keys = (*of_site, Proposal.operation, Proposal.conditions)
    proposed = (
        select(*keys, func.sum(Proposal.mass_kg).label("mass_kg"))
        .join(Output, Proposal.output_id == Output.id)
        .where(in_plan_of(run, Proposal), ~_is_touched(run))
        .group_by(*keys)
    )
    for row in session.execute(proposed):
        facts = (row.operation, bool(row.conditions), int(row.mass_kg))
        yield PlannedMass(row.site_id, row.waste_code, "proposed", *facts)
    left = (
        select(*of_site, func.sum(Unmatched.mass_kg).label("mass_kg"))
        .join(Output, Unmatched.output_id == Output.id)
        .where(in_plan_of(run, Unmatched), ~_is_touched(run))
        .group_by(*of_site)
    )
    for site_id, waste_code, mass_kg in session.execute(left):
        yield PlannedMass(site_id, waste_code, "left", "", False, int(mass_kg))


def _touched(session: Session, run: MatchingRun) -> Iterator[PlannedMass]:
    """Yield what deals have left of a run's rows, lot by lot."""
    dealt = _dealt_by_proposal(session, run)
    proposals, unmatched = _by_lot(session, Proposal, run), _by_lot(session, Unmatched, run)
    lots = (
        select(Output.id, Output.site_id, Output.waste_code, Output.mass_kg, _taken_kg().label("taken_kg"))
        .where(_is_touched(run))
        .order_by(Output.id)
    )
    for lot in session.execute(lots):
        rows, rest = proposals[lot.id], unmatched[lot.id]
        supply_kg = sum(row.mass_kg for row in (*rows, *rest))
        free_kg = min(supply_kg, max(lot.mass_kg - (lot.taken_kg or 0), 0))
        beyond = [max(row.mass_kg - dealt.get(row.id, 0), 0) for row in rows]
        shares = split(min(sum(beyond), free_kg), beyond)
        for row, kg in zip(rows, shares, strict=True):
            facts = (row.operation, bool(row.conditions), kg)
            yield PlannedMass(lot.site_id, lot.waste_code, "proposed", *facts)
        yield PlannedMass(lot.site_id, lot.waste_code, "left", "", False, free_kg - sum(shares))


def _is_touched(run: MatchingRun) -> ColumnElement[bool]:
    """Return the condition that a deal holds something of a lot, or was made of a proposal for it."""
    dealt = aliased(Proposal)
    made = exists().where(dealt.output_id == Output.id, in_plan_of(run, dealt), dealt.status == "agreed")
    return or_(func.coalesce(_taken_kg(), 0) > 0, made)


def _taken_kg() -> ColumnElement[Any]:
    """Return what deals hold of a lot, NULL where none ever did."""
    return (
        select(Ceiling.reserved_kg + Ceiling.committed_kg)
        .where(Ceiling.kind == "output", Ceiling.subject_id == Output.id, Ceiling.year == ANY_YEAR)
        .scalar_subquery()
    )


def _by_lot(session: Session, model: Any, run: MatchingRun) -> dict[int, list[Any]]:
    """Return rows of a run about lots that deals have touched, by the key of the lot."""
    rows = select(model).join(Output, model.output_id == Output.id)
    found: dict[int, list[Any]] = defaultdict(list)
    for row in session.scalars(rows.where(in_plan_of(run, model), _is_touched(run))):
        found[row.output_id].append(row)
    return found


def _dealt_by_proposal(session: Session, run: MatchingRun) -> dict[int, int]:
    """Return what the deals made of a run's proposals took of each, kg, also where they have ended."""
    rows = session.execute(
        select(Agreement.proposal_id, func.sum(Offer.mass_kg))
        .join(Offer, _STANDING_OFFER)
        .join(Proposal, Agreement.proposal_id == Proposal.id)
        .where(in_plan_of(run, Proposal), Agreement.status.in_(_STAGE_OF))
        .group_by(Agreement.proposal_id)
    )
    return {proposal_id: int(mass_kg) for proposal_id, mass_kg in rows if proposal_id is not None}
