"""What became of a generator's lots: held by deals, proposed by the newest run, or left without an outlet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from circularity.catalogue.waste_codes import STORAGE_LIMIT_DAYS, is_hazardous
from circularity.deals.ceilings import ANY_YEAR, Ceiling
from circularity.organisations import Organisation
from circularity.party_listings import sites_seen
from circularity.registry.outputs import Output
from circularity.runs.stored import MatchingRun, Proposal, Unmatched, in_plan_of

FATES = ("proposed", "unmatched", "dealt", "waiting", "over", "withdrawn")
"""What may have become of a lot, as a list can be narrowed; one lot can be several of them."""

_OPEN = ("open", "countered")


@dataclass(frozen=True, slots=True)
class Fate:
    """One lot, kg: `held_kg` by deals, `proposed_kg` in `proposals` that wait for an answer.

    `asked`: it stood when the newest run looked; `over`: its last day has passed. `storage_days_left` is
    None where no clock runs.
    """

    output: Output
    held_kg: int
    proposals: int
    proposed_kg: int
    unmatched: Unmatched | None
    asked: bool
    over: bool
    storage_days_left: int | None

    @property
    def words(self) -> tuple[str, ...]:
        """Which of FATES it is, as far as its own figures tell."""
        if self.output.withdrawn_at is not None:
            return ("withdrawn",)
        found = {"dealt": self.held_kg, "proposed": self.proposals, "unmatched": self.unmatched}
        told = tuple(word for word, is_so in found.items() if is_so)
        return told or (("over",) if self.over else ("waiting",))


def lots_seen(organisation: Organisation, side: str, only: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition for lots of a party's own sites, or of those in an authority's region."""
    return Output.site_id.in_(sites_seen(organisation, side, only))


def lots(seen: ColumnElement[bool], run: MatchingRun | None, fate: str, on: date) -> Select[Any]:
    """Return lots of one fate, or without one all but those withdrawn; the newest first."""
    proposed, unmatched, held = _proposed(run), _unmatched(run), _held()
    stands = Output.withdrawn_at.is_(None)
    over = stands & Output.available_to.is_not(None) & (Output.available_to < on)
    narrowed: dict[str, ColumnElement[bool]] = {
        "": stands,
        "proposed": stands & proposed,
        "unmatched": stands & unmatched,
        "dealt": held,
        "waiting": stands & ~over & ~proposed & ~unmatched & ~held,
        "over": over,
        "withdrawn": Output.withdrawn_at.is_not(None),
    }
    wanted = select(Output).where(seen, narrowed[fate])
    return wanted.options(joinedload(Output.site), selectinload(Output.assays)).order_by(Output.id.desc())


def fates_of(session: Session, outputs: Sequence[Output], run: MatchingRun | None, on: date) -> list[Fate]:
    """Return what became of these lots, in their order."""
    keys = [output.id for output in outputs]
    held = _held_kg(session, keys)
    proposals = _proposals_by_lot(session, run, keys)
    left = _unmatched_by_lot(session, run, keys)
    return [
        Fate(
            output,
            held.get(output.id, 0),
            *proposals.get(output.id, (0, 0)),
            left.get(output.id),
            run is not None and output.posted_at <= run.started_at,
            output.available_to is not None and output.available_to < on,
            _storage_days_left(output, on),
        )
        for output in outputs
    ]


def _storage_days_left(output: Output, on: date) -> int | None:
    """Return the days until a year of storage is full, below zero once it has passed."""
    if output.storage_since is None or output.withdrawn_at is not None or not is_hazardous(output.waste_code):
        return None
    return (output.storage_since + timedelta(days=STORAGE_LIMIT_DAYS) - on).days


def _held_kg(session: Session, keys: Sequence[int]) -> dict[int, int]:
    taken = (Ceiling.reserved_kg + Ceiling.committed_kg).label("taken_kg")
    wanted = select(Ceiling.subject_id, taken).where(Ceiling.kind == "output", Ceiling.subject_id.in_(keys))
    return {row.subject_id: row.taken_kg for row in session.execute(wanted)}


def _proposals_by_lot(
    session: Session, run: MatchingRun | None, keys: Sequence[int]
) -> dict[int, tuple[int, int]]:
    if run is None:
        return {}
    wanted = (
        select(Proposal.output_id, func.count(), func.sum(Proposal.mass_kg))
        .where(in_plan_of(run, Proposal), Proposal.status.in_(_OPEN), Proposal.output_id.in_(keys))
        .group_by(Proposal.output_id)
    )
    return {key: (number, int(kg)) for key, number, kg in session.execute(wanted)}


def _unmatched_by_lot(session: Session, run: MatchingRun | None, keys: Sequence[int]) -> dict[int, Unmatched]:
    if run is None:
        return {}
    wanted = select(Unmatched).where(in_plan_of(run, Unmatched), Unmatched.output_id.in_(keys))
    rows = session.scalars(wanted.options(joinedload(Unmatched.nearest_window)))
    return {row.output_id: row for row in rows}


def _proposed(run: MatchingRun | None) -> ColumnElement[bool]:
    waits = and_(Proposal.output_id == Output.id, Proposal.status.in_(_OPEN))
    return select(Proposal.id).where(waits, in_plan_of(run, Proposal) if run else false()).exists()


def _unmatched(run: MatchingRun | None) -> ColumnElement[bool]:
    of_run = in_plan_of(run, Unmatched) if run else false()
    return select(Unmatched.run_id).where(Unmatched.output_id == Output.id, of_run).exists()


def _held() -> ColumnElement[bool]:
    taken = Ceiling.reserved_kg + Ceiling.committed_kg > 0
    counter = and_(Ceiling.kind == "output", Ceiling.subject_id == Output.id, Ceiling.year == ANY_YEAR)
    return select(Ceiling.id).where(counter, taken).exists()
