"""What a run stored, and what a cold run at the same moment would say: digest and rows, table by table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select

from circularity.database import reading
from circularity.runs.stored import MatchingRun, in_plan_of
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
