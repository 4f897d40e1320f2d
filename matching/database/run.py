"""A run on the database: snapshot, plan, verification, one publishing transaction.

No transaction is open while the engine works. What is stored was verified, and all of it is stored at once
with its audit event. What the run before said alike keeps its rows; proposals that end while they are open
are superseded, never deleted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session, sessionmaker

from circularity.audit import Actor, record
from circularity.columns import new_public_id
from circularity.database import reading, writing
from circularity.runs.changes import RunChange
from circularity.runs.stored import MatchingRun
from circularity.units import format_tonnes
from matching.database.carried_rows import Carried
from matching.database.said import Said, rows_of
from matching.database.snapshot import Snapshot, parameters_at, read_snapshot
from matching.database.snapshot_proposals import with_open_proposals
from matching.database.standing import (
    Difference,
    Standing,
    differences,
    following,
    is_newest,
    publishing,
    read_standing,
    store,
    supersede,
    view_of,
)
from matching.database.stored_check import stored_faults
from matching.parameters import Parameters
from matching.plans.bounded_summary import level_row
from matching.plans.certificate import stored_digest
from matching.plans.changes import Lots, PlanChange, changes_between
from matching.plans.plan import Plan, PlanRefusedError, make_plan
from matching.plans.summary import figures, parameters_of

Progress = Callable[[str, float], None]
Conclude = Callable[[Session, MatchingRun], None]
_CHUNK = 5000
_CHANGES = insert(RunChange)


@dataclass(frozen=True)
class Published:
    """A stored run, and the rows that are in force since."""

    run: MatchingRun
    standing: Standing


def run_matching(
    database: Engine | sessionmaker[Session],
    *,
    actor: Actor,
    at: datetime,
    progress: Progress | None = None,
    parameters: Parameters | None = None,
    processes: int = 1,
    conclude: Conclude | None = None,
) -> int:
    """Match everything posted at the moment `at`, publish the run and return its key.

    `progress` hears phase names and shares done (0 to 1), between phases and between components; what it
    raises stops the run. `conclude` is called in the publishing transaction: what it writes stands or falls
    with the run, what it raises rolls the run back. Raises PlanRefusedError when the plan does not verify;
    then nothing is stored.
    """
    engine = database if isinstance(database, Engine) else database.kw["bind"]
    tell = progress or (lambda _phase, _done: None)
    tell("snapshot", 0.0)
    with reading(engine)() as session:
        snapshot = with_open_proposals(session, read_snapshot(session, parameters or parameters_at(at)))
    tell("snapshot", 1.0)
    plan = make_plan(snapshot.case, processes=processes, progress=progress)
    tell("publish", 0.0)
    return publish_in(engine, snapshot, plan, actor=actor, at=at, conclude=conclude).run.id


def publish_in(
    engine: Engine,
    snapshot: Snapshot,
    plan: Plan,
    *,
    actor: Actor,
    at: datetime,
    standing: Standing | None = None,
    carried: Carried | None = None,
    conclude: Conclude | None = None,
) -> Published:
    """Publish a verified plan in a transaction of its own, with what `conclude` does there.

    `carried` is that of which the plan says what `standing` says.
    """
    said = rows_of(snapshot, plan, carried)
    with writing(engine).begin() as session:
        published = publish(session, snapshot, plan, said, actor=actor, at=at, standing=standing)
        if conclude:
            conclude(session, published.run)
    return published


def publish(
    session: Session,
    snapshot: Snapshot,
    plan: Plan,
    said: Said,
    *,
    actor: Actor,
    at: datetime,
    standing: Standing | None = None,
) -> Published:
    """Store a verified plan as a run: end the rows in force that it does not say, begin those that are new.

    `standing` is what was in force before, where it is known; it is read anew when it is not, or when another
    run was published since.
    """
    publishing(session)
    if standing is None or not is_newest(session, standing):
        standing = read_standing(session)
        said = rows_of(snapshot, plan) if said.only else said
    found = differences(session, standing, said)
    after = following(standing, found, parameters_of(plan.case.parameters))
    changed = _changed(plan, said, standing, after)
    counts = _counts(changed, after, found["proposals"])
    run = _run(snapshot, plan, after, counts, actor, at)
    session.add(run)
    session.flush()
    store(session, run, found, standing, after)
    if faults := stored_faults(session, run, snapshot, plan.prepared, said) + _sum_faults(run, after):
        raise PlanRefusedError(faults)
    superseded = supersede(session, run)
    _store_changes(session, run, changed or ())
    facts = {name: getattr(run, name) for name in _TOLD}
    facts |= {"superseded_proposals": superseded, "changes": counts}
    record(session, actor, at, "run.published", run, facts)
    return Published(run, replace(after, run=run.id))


def _sum_faults(run: MatchingRun, after: Standing) -> list[str]:
    """Return sums of the rows in force, told or not, that are not the plan's."""
    sums = {"placed": (after.placed_kg, run.placed_kg), "unmatched": (after.unmatched_kg, run.unmatched_kg)}
    return [
        f"the rows in force say {format_tonnes(rows)} t {name}, the plan {format_tonnes(kg)} t"
        for name, (rows, kg) in sums.items()
        if rows != kg
    ]


def _changed(plan: Plan, said: Said, before: Standing, after: Standing) -> list[PlanChange] | None:
    """Return the pairs whose mass changed since the run before, None where there was none."""
    if not before.run:
        return None
    was, now = (view_of(standing, said) for standing in (before, after))
    return changes_between(was, now, Lots(plan.prepared, said.outputs))


def _counts(changed: list[PlanChange] | None, after: Standing, moved: Difference) -> dict[str, int]:
    """Return how many pairs changed in each way; all are new in the first run.

    `kept` keep their row; `renewed` are proposed anew with the same mass, on other terms or because the old
    proposal is no longer open.
    """
    counts = Counter(new=after.pairs) if changed is None else Counter(change.kind for change in changed)
    gone = {(change.output_id, change.capacity_id) for change in changed or () if change.kind == "gone"}
    anew = {key[:2] for key in (*moved.ended, *moved.begun)} - gone
    renewed = len(anew) - counts["new"] - counts["changed"]
    kept = after.pairs - len(anew)
    return {"kept": kept, "renewed": renewed} | {kind: counts[kind] for kind in ("new", "changed", "gone")}


def _store_changes(session: Session, run: MatchingRun, changed: Sequence[PlanChange]) -> None:
    rows = [
        {"run_id": run.id, "output_id": change.output_id, "window_id": change.capacity_id}
        | {name: getattr(change, name) for name in ("before_kg", "after_kg", "cause", "level", "amount")}
        for change in changed
    ]
    for start in range(0, len(rows), _CHUNK):
        session.connection().execute(_CHANGES, rows[start : start + _CHUNK])


_TOLD = (
    "as_of", "status", "engine", "case_digest", "certificate_digest", "outputs", "windows",
    "supply_kg", "placed_kg", "can_move_today_kg", "unmatched_kg", "fictional",
)  # fmt: skip


def _run(
    snapshot: Snapshot, plan: Plan, after: Standing, counts: Mapping[str, int], actor: Actor, at: datetime
) -> MatchingRun:
    told = {"unused_listings": list(snapshot.unused_listings), "changes": counts}
    return MatchingRun(
        public_id=new_public_id(),
        started_at=at,
        started_by=actor.name,
        as_of=date.fromordinal(plan.case.parameters.as_of_day),
        status=plan.status,
        engine=plan.engine,
        case_digest=plan.case.digest(),
        certificate_digest=stored_digest(plan),
        outputs=plan.case.shape[0],
        windows=plan.case.shape[1],
        supply_kg=int(plan.case.outputs.mass_kg.sum()),
        placed_kg=plan.placed_kg,
        can_move_today_kg=after.today_kg,
        unmatched_kg=int(plan.unmatched_kg.sum()),
        levels={"levels": [level_row(level) for level in plan.levels]},
        parameters=dict(after.parameters),
        figures=figures(plan) | told,
        fictional=snapshot.fictional,
    )
