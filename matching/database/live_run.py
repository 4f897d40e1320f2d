"""Runs of a process that remembers its last one: what was posted since is read alone, and matched warm.

The audit chain tells what has happened: lots posted or withdrawn are read by themselves, after acts that no
plan looks at nothing is, and after any other act the registry is read whole. A warm plan is the plan that a
cold run would make, and is published alike; where nothing is remembered, or another day has come, it is cold.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from circularity.audit import Actor, Anchor, events_since, newest
from circularity.database import reading
from circularity.organisations import Organisation
from circularity.posted import outputs_posted
from circularity.registry.outputs import Output
from circularity.units import MISSING
from matching.case import Case
from matching.case_tables import Outputs, no_proposals
from matching.database.carried_rows import Carried, carried_over
from matching.database.run import Conclude, Progress, publish_in
from matching.database.snapshot import Snapshot, parameters_at, read_outputs, read_snapshot
from matching.database.snapshot_live import FOLLOWED, POSTED, WITHDRAWN
from matching.database.snapshot_prices import WITHOUT_EFFECT
from matching.database.snapshot_proposals import with_open_proposals
from matching.database.standing import Standing
from matching.pairs.candidates import fits_by_code
from matching.pairs.eligibility import tables_of
from matching.plans.plan import Plan, PlanRefusedError, make_plan
from matching.plans.rematch import Matched, matched, rematched

UNSEEN = WITHOUT_EFFECT | {
    "job.asked_for", "job.asked_to_cancel", "job.cancelled", "job.failed", "job.finished", "job.reclaimed",
    "proposal.declined", "run.proposals_expired", "run.published",
}  # fmt: skip
"""Acts that change nothing a plan is made of but the open proposals, which every run reads anew."""

HELD_CANDIDATES = 20_000_000
"""With more candidates than this the pairs would take too much memory to be remembered: every run is cold."""


@dataclass(frozen=True)
class Held:
    """The last run: what it read, up to which event; what it matched (None: too much) and left in force."""

    seen: Anchor
    snapshot: Snapshot
    matched: Matched | None
    standing: Standing


class LiveMatching:
    """The matching of one database, for one thread at a time.

    What is too large to be remembered is matched in so many `processes`.
    """

    def __init__(self, engine: Engine, processes: int = 1) -> None:
        self._engine = engine
        self._processes = processes
        self._held: Held | None = None
        self.touched: int | None = None
        """How many parts the last run matched anew, None where it was cold."""

    def run(
        self,
        *,
        actor: Actor,
        at: datetime,
        progress: Progress | None = None,
        conclude: Conclude | None = None,
    ) -> int:
        """Match everything posted at a moment, publish the run and return its key; as `run_matching`."""
        try:
            return self._run(actor, at, progress or (lambda _phase, _done: None), conclude)
        except PlanRefusedError:
            # what is remembered may be the reason: the next run begins from nothing
            self._held = None
            raise

    def _run(self, actor: Actor, at: datetime, tell: Progress, conclude: Conclude | None) -> int:
        tell("snapshot", 0.0)
        held = self._held
        if held is not None and held.snapshot.case.parameters != parameters_at(at):
            held = None
        with reading(self._engine)() as session:
            seen = newest(session)
            moved = _moved(session, held) if held else None
            known = _with_outputs(session, held.snapshot, moved) if held and moved is not None else None
            snapshot = with_open_proposals(session, known or read_snapshot(session, parameters_at(at)))
        tell("snapshot", 1.0)
        plan, now = self._matched(held.matched if held else None, snapshot.case, tell)
        tell("publish", 0.0)
        standing = self._held.standing if self._held else None
        published = publish_in(
            self._engine,
            snapshot,
            plan,
            actor=actor,
            at=at,
            standing=standing,
            carried=self._carried(held, snapshot, now, moved if known else None),
            conclude=conclude,
        )
        self._held = Held(seen, snapshot, now, published.standing)
        return published.run.id

    @staticmethod
    def _carried(
        held: Held | None, snapshot: Snapshot, now: Matched | None, moved: set[str] | None
    ) -> Carried | None:
        """Return what need not be told again, None where all of it is."""
        if held is None or held.matched is None or now is None:
            return None
        return carried_over(held.snapshot, held.matched, snapshot, now, moved=moved)

    def _matched(self, before: Matched | None, case: Case, tell: Progress) -> tuple[Plan, Matched | None]:
        """Match a case, warm where something is remembered."""
        self.touched = None
        if _candidates(case) > HELD_CANDIDATES:
            return make_plan(case, processes=self._processes, progress=tell), None
        if before is None:
            now = matched(case, tell=tell)
        else:
            now = rematched(before, case, tell=tell)
            self.touched = now.touched
        return now.plan, now


def _moved(session: Session, held: Held) -> set[str] | None:
    """Return the outputs that acts since the last run were about; None where all has to be read."""
    events = events_since(session, held.seen, FOLLOWED)
    if events is None:
        return None
    if not {event.action for event in events} <= UNSEEN | {POSTED, WITHDRAWN}:
        return None
    return {event.subject_id for event in events if event.action in (POSTED, WITHDRAWN)}


def _with_outputs(session: Session, snapshot: Snapshot, moved: set[str]) -> Snapshot | None:
    """Return the snapshot with these outputs as they stand now; None where it may no longer be fictional."""
    if not moved:
        return snapshot
    if (
        snapshot.fictional
        and not session.execute(outputs_posted(snapshot.on).where(Organisation.fictional).limit(1)).first()
    ):
        return None
    keys = session.scalars(select(Output.id).where(Output.public_id.in_(sorted(moved)))).all()
    posted, fresh = read_outputs(session, snapshot.on, keys)
    old = snapshot.case.outputs
    stays = ~np.isin(old.output_id, np.array(sorted(moved), dtype=np.str_))
    case = snapshot.case.replace(outputs=_joined(old, stays, fresh), proposals=no_proposals())
    output_keys = {name: key for name, key in snapshot.output_keys.items() if name not in moved}
    return replace(
        snapshot,
        case=case,
        output_keys=output_keys | {row.public_id: row.id for row in posted},
        fictional=snapshot.fictional or any(row.fictional for row in posted),
    )


def _joined(old: Outputs, stays: npt.NDArray[np.bool_], fresh: Outputs) -> Outputs:
    """Return the rows of an earlier table that stay, and new ones; an analyte nobody states has no column."""
    columns = {
        f.name: np.concatenate([getattr(old, f.name)[stays], getattr(fresh, f.name)])
        for f in fields(old)
        if f.name != "assays"
    }
    assays = {}
    for analyte in sorted(old.assays.keys() | fresh.assays.keys()):
        halves = (
            table.assays.get(analyte, np.full(len(table.output_id), MISSING, dtype=np.int64))
            for table in (old, fresh)
        )
        before, after = halves
        column = np.concatenate([before[stays], after])
        if (column != MISSING).any():
            assays[analyte] = column
    return replace(old, **columns, assays=assays)


def _candidates(case: Case) -> int:
    fits = fits_by_code(tables_of(case))
    return int(fits.widths[fits.code].sum())
