"""The proposals that are open in the database, as the pairs that a plan keeps where it can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from circularity.runs.stored import Proposal
from matching.case_tables import Proposals, TextArray
from matching.database.snapshot import Snapshot


def with_open_proposals(session: Session, snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with the open proposals among its outputs and windows."""
    case = snapshot.case
    outputs = _places(case.outputs.output_id, snapshot.output_keys)
    windows = _places(case.capacities.capacity_id, snapshot.window_keys)
    found = session.execute(
        select(Proposal.output_id, Proposal.window_id).where(Proposal.status == "open").distinct()
    )
    pairs = [(outputs[o], windows[w]) for o, w in found if o in outputs and w in windows]
    rows = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return replace(snapshot, case=case.replace(proposals=Proposals(rows[0], rows[1])))


def _places(ids: TextArray, keys: Mapping[str, int]) -> dict[int, int]:
    """Return the row of each key of the database."""
    return {keys[public_id]: row for row, public_id in enumerate(ids.tolist())}
