"""The prices of the newest run, brought to the limits of a snapshot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.audit import AuditEvent
from circularity.runs.entry_costs import ENTRY_LEVELS, EntryCost
from circularity.runs.stored import MatchingRun, in_plan_of, latest_run
from circularity.units import IntArray
from matching.case import Case
from matching.database.snapshot import Snapshot
from matching.flow.cap_tree import CapTree, build_cap_tree, entries_of
from matching.flow.loss import PricedRun
from matching.flow.network import UNREACHED
from matching.pairs.lawful_pairs import LawfulPairs
from matching.plans.summary import parameters_of

WITHOUT_EFFECT = frozenset(
    {
        *("generation.declared", "organisation.registered", "site.added"),
        *("output_draft.kept", "output_draft.changed", "output_draft.discarded", "output_ledger.read"),
    }
)
"""Acts that change neither what is posted nor what receivers may take."""

LOOKED_BACK = 1000
"""So many events before a run's own are searched for what happened while it was solving."""


@dataclass(frozen=True)
class RegionPrices:
    """What a kilogram costs the plan of a run where it enters, shape (levels up to the cost, nodes).

    Nodes are those of the snapshot's cap tree; UNREACHED stands where the run has no price or no room at all.
    `changed` holds subjects of acts since the run looked: none, one, or two of more. `by_origin` keeps the
    costs of every capacity for the origins asked so far.
    """

    run: PricedRun
    tree: CapTree
    node_costs: IntArray
    changed: frozenset[str]
    by_origin: dict[str, IntArray] = field(default_factory=dict, repr=False)

    def of(self, case: Case, pairs: LawfulPairs) -> IntArray:
        """Return the entry costs of the pairs of a case with one output."""
        (origin,) = case.outputs.region_code.tolist()
        if origin not in self.by_origin:
            capacities = np.arange(case.shape[1])
            nodes = entries_of(self.tree, case).of(np.zeros_like(capacities), capacities)
            self.by_origin[origin] = self.node_costs[:, nodes]
        return self.by_origin[origin][:, pairs.capacity]

    def run_for(self, subject: str) -> PricedRun:
        """Return the run, as old where anything but the posting of `subject` has happened since."""
        return replace(self.run, is_old=self.run.is_old or bool(self.changed - {subject}))

    def after(self, subjects: set[str]) -> RegionPrices:
        """Return the prices after acts on these subjects."""
        return replace(self, changed=_two_of(self.changed | subjects))


def read_prices(session: Session, snapshot: Snapshot) -> RegionPrices | None:
    """Return the newest run's prices, None before the first run or where it has none."""
    run = latest_run(session)
    if run is None:
        return None
    rows = session.execute(select(*EntryCost.__table__.c).where(in_plan_of(run, EntryCost))).all()
    if not rows:
        return None
    known = {(row.kind, row.subject_id): [getattr(row, level) for level in ENTRY_LEVELS] for row in rows}
    unknown = [int(UNREACHED)] * len(ENTRY_LEVELS)
    subjects = [("window", str(capacity)) for capacity in snapshot.case.capacities.capacity_id]
    subjects += [
        (snapshot.caps[cap.cap_id].kind, snapshot.caps[cap.cap_id].subject_id) for cap in snapshot.case.caps
    ]
    costs = [known.get(subject, unknown) for subject in subjects]
    parameters = snapshot.case.parameters
    same_terms = _terms(run.parameters) == _terms(parameters_of(parameters))
    is_old = not same_terms or run.as_of != snapshot.on
    return RegionPrices(
        run=PricedRun(run.public_id, run.started_at, run.as_of, is_old),
        tree=build_cap_tree(snapshot.case),
        node_costs=np.array(costs, dtype=np.int64).reshape(-1, len(ENTRY_LEVELS)).T,
        changed=_changed_since(session, run),
    )


def _terms(parameters: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in parameters.items() if name != "as_of"}


def _changed_since(session: Session, run: MatchingRun) -> frozenset[str]:
    """Return subjects of acts after the run looked at the registry; two are enough to know."""
    published = session.scalar(
        select(AuditEvent.position).filter_by(subject_id=run.public_id, action="run.published")
    )
    if published is None:
        return frozenset({run.public_id})
    wanted = (
        select(AuditEvent.position, AuditEvent.moment, AuditEvent.subject_id)
        .where(AuditEvent.position > published - LOOKED_BACK, AuditEvent.position != published)
        .where(AuditEvent.action.not_in(WITHOUT_EFFECT))
        .order_by(AuditEvent.position)
    )
    began = run.started_at.isoformat(timespec="microseconds")
    events = session.execute(wanted)
    return _two_of({e.subject_id for e in events if e.position > published or e.moment > began})


def _two_of(subjects: Iterable[str]) -> frozenset[str]:
    """Return two of the subjects at most: enough to know whether there is any but a given one."""
    return frozenset(sorted(subjects)[:2])
