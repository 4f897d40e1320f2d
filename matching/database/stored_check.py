"""What a run has stored, read back and added up anew before its transaction ends.

The plan in memory was verified; this is about its rows. They are read as anybody will read them and judged by
the checker: every kilogram of every output, every limit, every pair by the rules, every term of it, and where
the whole plan was told, every level. Of a plan that was told in part, the parts that were matched anew are
judged whole, with the rows that stay as they were: what such a part may fill, no other part reaches.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
from sqlalchemy.orm import Session

from circularity.acceptance.pairs import Pairs
from circularity.acceptance.rules import condition_bits
from circularity.runs.stored import MatchingRun
from matching.database.rows_in_force import read_plan
from matching.database.run_rows import KEPT_AT, MASS_AT, Rows, proposal_rows, window_keys
from matching.database.said import Said
from matching.database.snapshot import Snapshot
from matching.flow.side_constraints import side_faults
from matching.pairs.arcs import arcs_of
from matching.pairs.grant_use import split_by_grants
from matching.pairs.parts import Prepared, whole
from matching.proof.optimality import Claim
from matching.proof.sided_parts import side_of
from matching.proof.verify import feasibility_faults, used_pairs, value_faults

NAMED_AT_ONCE = 5000
"""Of more outputs than this all rows are read, and those of others left aside."""


def stored_faults(
    session: Session, run: MatchingRun, snapshot: Snapshot, prepared: Prepared, said: Said
) -> list[str]:
    """Return what is wrong with the stored proposals of the outputs that a plan told; none where it holds.

    `prepared` is the case of the snapshot.
    """
    proposals, left = (_stored(session, run, said, name) for name in ("proposals", "unmatched"))
    windows = window_keys(snapshot)
    row_of = {key: row for row, key in enumerate(windows)}
    strays = [key for key in proposals if key[0] not in said.outputs or key[1] not in row_of]
    if strays:
        return [f"a proposal is about no output or window of the case: {key}" for key in strays]
    claim = _claim(run, snapshot, said, proposals, left, row_of)
    pairs, _, faults = used_pairs(prepared, claim)
    if faults:
        return faults
    part = whole(prepared)
    problem = part.problem(pairs)
    if faults := feasibility_faults(problem, claim.mass_kg, claim.unmatched_kg):
        return faults
    faults = side_faults(problem, side_of(part, problem), claim.mass_kg)
    if len(said.outputs) == snapshot.case.shape[0]:
        faults += value_faults(problem, claim)
    # the checker asks of a pair whether it is lawful, and not what must be met first
    waiting = condition_bits(Pairs(prepared.tables, claim.output, claim.capacity))
    pairs = replace(pairs, conditions=waiting.astype(np.uint8))
    arcs = arcs_of(snapshot.case, prepared.tables, pairs, np.empty((0, 0), dtype=np.int64))
    parts = split_by_grants(snapshot.case, arcs, claim.mass_kg, snapshot.grants, prepared.tables)
    outputs = {row: key for key, row in said.outputs.items()}
    return faults + _other_terms(proposals, proposal_rows(snapshot.case, arcs, parts, outputs, windows))


def _claim(
    run: MatchingRun, snapshot: Snapshot, said: Said, proposals: Rows, left: Rows, row_of: dict[int, int]
) -> Claim:
    """Return the rows as what a plan claims; outputs that were not told keep all their mass in it."""
    masses: dict[tuple[int, int], int] = defaultdict(int)
    for (output, window, _), values in proposals.items():
        masses[said.outputs[output], row_of[window]] += values[MASS_AT]
    places = sorted(masses)
    output, capacity = np.array(places, dtype=np.int64).reshape(-1, 2).T
    unmatched_kg = snapshot.case.outputs.mass_kg.copy()
    unmatched_kg[list(said.outputs.values())] = 0
    for (key,), values in left.items():
        unmatched_kg[said.outputs[key]] = values[KEPT_AT]
    levels = tuple(level["value"] for level in run.levels["levels"])
    mass_kg = np.array([masses[place] for place in places], dtype=np.int64)
    return Claim(output, capacity, mass_kg, unmatched_kg, levels, np.empty((0, 0), dtype=np.int64))


def _other_terms(found: Rows, expected: Rows) -> list[str]:
    """Return the proposals whose terms are not those of their pair."""
    if found == expected:
        return []
    keys = [key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)]
    return [f"the terms of a proposal are not those of its pair: {key}" for key in keys[:20]]


def _stored(session: Session, run: MatchingRun, said: Said, name: str) -> Rows:
    """Return the rows of a table that are in force with a run, of the outputs that are checked."""
    if said.only is None:
        return read_plan(session, name, run.id)
    wanted = said.outputs.keys() | said.gone
    if len(wanted) <= NAMED_AT_ONCE:
        return read_plan(session, name, run.id, wanted)
    return {key: row for key, row in read_plan(session, name, run.id).items() if key[0] in wanted}
