"""What a run stored, and what a cold run at the same moment would: its rows, what changed, its figures."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from registry import ACTOR
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from circularity.database import reading, writing
from circularity.runs.changes import RunChange
from circularity.runs.stored import MatchingRun, in_plan_of
from matching.database.run import publish
from matching.database.run_rows import LAYOUTS
from matching.database.said import rows_of
from matching.database.snapshot import parameters_at, read_snapshot
from matching.database.snapshot_proposals import with_open_proposals
from matching.plans.plan import make_plan

Result = tuple[str, dict[str, Any]]


def cold(engine: Engine, at: datetime) -> Result:
    """Digest and rows of a cold run at this moment, which is not stored."""
    with reading(engine)() as session:
        snapshot = with_open_proposals(session, read_snapshot(session, parameters_at(at)))
    return snapshot.case.digest(), dict(rows_of(snapshot, make_plan(snapshot.case)).rows)


def stored(engine: Engine, key: int) -> Result:
    """Digest and rows that are stored as a run's."""
    with reading(engine)() as session:
        run = session.get_one(MatchingRun, key)
        rows = {}
        for name, layout in LAYOUTS.items():
            width, model = len(layout.key), layout.model
            columns = [model.__table__.c[column] for column in (*layout.key, *layout.values)]
            found = session.execute(select(*columns).where(in_plan_of(run, model))).all()
            rows[name] = {tuple(row[:width]): tuple(row[width:]) for row in found}
            assert len(rows[name]) == len(found), "each of its rows is there once"
        return run.case_digest, rows


def cold_news(engine: Engine, at: datetime) -> tuple[Any, ...]:
    """What a cold run at this moment would tell of itself; it is published and rolled back."""
    with writing(engine)() as session:
        snapshot = with_open_proposals(session, read_snapshot(session, parameters_at(at)))
        plan = make_plan(snapshot.case)
        run = publish(session, snapshot, plan, rows_of(snapshot, plan), actor=ACTOR, at=at).run
        session.flush()
        told = news(session, run)
        session.rollback()
    return told


def news(session: Session, run: MatchingRun) -> tuple[Any, ...]:
    """What a run tells of itself: what changed and why, its figures but the seconds, levels and masses."""
    columns = [column for column in RunChange.__table__.c if column.name != "run_id"]
    changes = session.execute(select(*columns).where(RunChange.run_id == run.id)).all()
    figures = {name: value for name, value in run.figures.items() if name != "seconds"}
    masses = (run.supply_kg, run.placed_kg, run.can_move_today_kg, run.unmatched_kg)
    return sorted(map(tuple, changes)), figures, run.parameters, run.levels, masses
