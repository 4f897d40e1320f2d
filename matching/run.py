"""A run on the database: snapshot, plan, verification, one publishing transaction.

No transaction is open while the engine works. What is stored was verified, and all of it is stored at once
with its audit event; proposals of earlier runs that are still open are superseded, never deleted.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine, insert, update
from sqlalchemy.orm import Session, sessionmaker

from circularity.audit import Actor, record
from circularity.capacity_prices import CapacityPrice
from circularity.columns import new_public_id
from circularity.database import reading, writing
from circularity.entry_costs import EntryCost
from circularity.runs import MatchingRun, Proposal, Unmatched
from matching.case import Parameters
from matching.certificate import certificate_of
from matching.grant_use import Part, split_by_grants
from matching.plan import Plan, make_plan
from matching.run_rows import Row, entry_cost_rows, price_rows, proposal_rows, unmatched_rows
from matching.snapshot import Snapshot, parameters_at, read_snapshot
from matching.snapshot_proposals import with_open_proposals
from matching.summary import parameters_of, summary

Progress = Callable[[str, float], None]
Conclude = Callable[[Session, MatchingRun], None]
_CHUNK = 5000


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
    parts = split_by_grants(plan.case, plan.arcs, plan.mass_kg, snapshot.grants)
    entered = entry_cost_rows(snapshot, plan)
    with writing(engine).begin() as session:
        run = publish(session, snapshot, plan, parts, entered, actor=actor, at=at)
        if conclude:
            conclude(session, run)
    return run.id


def publish(
    session: Session,
    snapshot: Snapshot,
    plan: Plan,
    parts: list[Part],
    entered: list[Row],
    *,
    actor: Actor,
    at: datetime,
) -> MatchingRun:
    """Store a verified plan as a run, supersede open proposals of earlier runs, return the run."""
    run = _run(snapshot, plan, parts, actor, at)
    session.add(run)
    session.flush()
    superseded = session.connection().execute(
        update(Proposal)
        .where(Proposal.status == "open", Proposal.run_id != run.id)
        .values(status="superseded", superseded_by_run_id=run.id)
    )
    for model in (Proposal, Unmatched, CapacityPrice, EntryCost):
        ended = update(model).where(model.until_run_id.is_(None))
        session.execute(ended.values(until_run_id=run.id), execution_options={"synchronize_session": False})
    rows: tuple[tuple[Any, list[Row]], ...] = (
        (Proposal, proposal_rows(snapshot, plan, parts)),
        (Unmatched, unmatched_rows(snapshot, plan)),
        (CapacityPrice, price_rows(snapshot, plan)),
        (EntryCost, entered),
    )
    for model, values in rows:
        for start in range(0, len(values), _CHUNK):
            session.execute(
                insert(model), [{"run_id": run.id, **row} for row in values[start : start + _CHUNK]]
            )
    facts = {name: getattr(run, name) for name in _TOLD} | {"superseded_proposals": superseded.rowcount}
    record(session, actor, at, "run.published", run, facts)
    return run


_TOLD = (
    "as_of", "status", "engine", "case_digest", "certificate_digest", "outputs", "windows",
    "supply_kg", "placed_kg", "can_move_today_kg", "unmatched_kg", "fictional",
)  # fmt: skip


def _run(snapshot: Snapshot, plan: Plan, parts: list[Part], actor: Actor, at: datetime) -> MatchingRun:
    parameters = plan.case.parameters
    figures = summary(plan)
    today_kg = sum(part.mass_kg for part in parts if not part.conditions)
    return MatchingRun(
        public_id=new_public_id(),
        started_at=at,
        started_by=actor.name,
        as_of=date.fromordinal(parameters.as_of_day),
        status=plan.status,
        engine=plan.engine,
        case_digest=figures["digest"],
        certificate_digest=certificate_of(plan, {}, {})["certificate_digest"],
        outputs=plan.case.shape[0],
        windows=plan.case.shape[1],
        supply_kg=int(plan.case.outputs.mass_kg.sum()),
        placed_kg=plan.placed_kg,
        can_move_today_kg=today_kg,
        unmatched_kg=int(plan.unmatched_kg.sum()),
        levels={"levels": figures["levels"]},
        parameters=parameters_of(parameters),
        figures=_figures(figures, snapshot),
        fictional=snapshot.fictional,
    )


def _figures(figures: dict[str, Any], snapshot: Snapshot) -> dict[str, Any]:
    """Return the summary without what the run keeps in columns of its own or what grants have changed."""
    kept = (
        "versions", "gap", "cost_cny", "last_mass_cost", "unknown_money_t", "by_waste", "not_asked",
        "limits_without_price", "limits_priced_at_most",
        "seconds", "notice_zh", "notice_en",
    )  # fmt: skip
    return {name: figures[name] for name in kept} | {"unused_listings": list(snapshot.unused_listings)}
