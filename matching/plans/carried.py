"""What was known of one part of a case, brought to the rows of the same part in a changed case."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from circularity.units import IntArray
from matching.case import Case
from matching.case_digest import columns_of
from matching.case_tables import Capacities, Facilities, Outputs, TextArray
from matching.pairs.eligibility import Eligibility
from matching.pairs.parts import Part
from matching.plans.part_plan import PartPlan
from matching.proof.standing_proof import StandingProof
from matching.reasons.explain import Unmatched

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class KnownPart:
    """A matched part: what the rules say of its pairs, and its plan."""

    part: Part
    found: Eligibility
    plan: PartPlan


@dataclass(frozen=True)
class Moved:
    """Where the outputs of a changed case stood before, and which of them are unchanged in every column.

    `reproposed` are those to which other capacities are proposed than before.
    """

    place: IntArray
    same: BoolArray
    reproposed: BoolArray


def moved(before: Case, after: Case) -> Moved:
    """Compare the outputs of two cases by their ids; capacities must be the same."""
    place = places_of(before.outputs.output_id, after.outputs.output_id)
    same = same_rows(place, before.outputs, after.outputs)
    return Moved(place, same, _reproposed(place, before, after))


def _reproposed(place: IntArray, before: Case, after: Case) -> BoolArray:
    now = np.full(before.shape[0], -1, dtype=np.int64)
    here = np.flatnonzero(place >= 0)
    now[place[here]] = here
    output = now[before.proposals.output]
    was = (output * before.shape[1] + before.proposals.capacity)[output >= 0]
    proposed = after.proposals.output * after.shape[1] + after.proposals.capacity
    reproposed = np.zeros(len(place), dtype=bool)
    reproposed[np.setxor1d(was, proposed, assume_unique=True) // after.shape[1]] = True
    return reproposed


def same_rows(place: IntArray, before: Outputs | Capacities | Facilities, after: object) -> BoolArray:
    """Say which rows of a table equal, in every column, those at these places of an earlier one."""
    same = np.zeros(len(place), dtype=bool)
    columns, others = columns_of(after), dict(columns_of(before))
    if [name for name, _ in columns] == list(others):
        rows = np.flatnonzero(place >= 0)
        there, equal = place[rows], np.ones(len(rows), dtype=bool)
        for name, column in columns:
            equal &= others[name][there] == column[rows]
        same[rows] = equal
    return same


def places_of(ids: TextArray, wanted: TextArray) -> IntArray:
    """Return where ids stand in a sorted column, -1 where they do not."""
    if not ids.size:
        return np.full(len(wanted), -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[place] == wanted, place, -1)


def to_ask(known: KnownPart, part: Part, change: Moved) -> IntArray:
    """Return the outputs of a part of which the rules must be asked anew."""
    return part.outputs[~_stands(known, part, change)]


def carried_pairs(
    known: KnownPart, part: Part, change: Moved, asked: IntArray, said: Eligibility
) -> Eligibility:
    """Return what the rules say of a part: what they said, and what they have said of outputs `asked` anew.

    Receivers, and which rules are asked at all, must be as they were. `asked` holds all that `to_ask` gives.
    """
    stands, outputs = _stands(known, part, change), part.outputs
    place, fresh = change.place[outputs[stands]], outputs[~stands]
    now = np.full(len(known.part.prepared.case.outputs.output_id), -1, dtype=np.int64)
    now[place] = outputs[stands]
    row = now[known.found.pairs.output]
    pairs = replace(known.found.pairs, output=row).take(np.flatnonzero(row >= 0))
    excluded = np.empty((len(outputs), known.found.excluded.shape[1]), dtype=np.int64)
    excluded[stands] = known.found.excluded[np.searchsorted(known.part.outputs, place)]
    excluded[~stands] = said.excluded[np.searchsorted(asked, fresh)]
    return Eligibility(
        pairs.merged(said.pairs.take(np.flatnonzero(np.isin(said.pairs.output, fresh)))), excluded
    )


def _stands(known: KnownPart, part: Part, change: Moved) -> BoolArray:
    """Say which outputs of a part are as they were, and were in it."""
    stands: BoolArray = change.same[part.outputs] & np.isin(change.place[part.outputs], known.part.outputs)
    return stands


def carried_potentials(known: KnownPart, part: Part, change: Moved) -> IntArray:
    """Return the potentials of a part before, 0 for outputs that are new; nodes must be the same."""
    n_old = len(known.part.outputs)
    place = change.place[part.outputs]
    inside = np.isin(place, known.part.outputs)
    potentials = np.zeros((len(known.plan.potentials), len(part.outputs)), dtype=np.int64)
    rows = np.searchsorted(known.part.outputs, place[inside])
    potentials[:, inside] = known.plan.potentials[:, :n_old][:, rows]
    return np.concatenate([potentials, known.plan.potentials[:, n_old:]], axis=1)


def standing_proof(known: KnownPart, part: Part, change: Moved, potentials: IntArray) -> StandingProof:
    """Return what was proven of a part; `potentials` are those that `carried_potentials` gives."""
    outputs, before = part.outputs, known.part.prepared.case
    same = change.same[outputs] & ~change.reproposed[outputs]
    same &= np.isin(change.place[outputs], known.part.outputs)
    now = np.full(len(before.outputs.output_id), -1, dtype=np.int64)
    now[change.place[outputs[same]]] = outputs[same]
    output = now[known.plan.pairs.output]
    still = output >= 0
    capacity = known.plan.pairs.capacity[still].astype(np.int64)
    return StandingProof(potentials, same, output[still], capacity)


def carried_reasons(known: KnownPart, part: Part, change: Moved) -> Unmatched:
    """Return the reasons of outputs that are as they were; receivers must be too.

    A rule forbids what it forbade. Where outlets were full the nearest is the same; the rest is the plan's.
    """
    reasons = known.plan.reasons
    now = np.full(len(known.part.prepared.case.outputs.output_id), -1, dtype=np.int64)
    same = part.outputs[change.same[part.outputs]]
    now[change.place[same]] = same
    kept = reasons.take(np.flatnonzero(now[reasons.output] >= 0))
    return replace(kept, output=now[kept.output])


def is_as_before(known: KnownPart, part: Part, change: Moved) -> bool:
    """Say whether nothing that decides a part's plan has changed: outputs, limits, what was proposed."""
    if len(part.outputs) != len(known.part.outputs) or not change.same[part.outputs].all():
        return False
    if change.reproposed[part.outputs].any():
        return False
    if not np.array_equal(change.place[part.outputs], known.part.outputs):
        return False
    trees = known.part.tree, part.tree
    return np.array_equal(trees[0].limit_kg, trees[1].limit_kg) and np.array_equal(
        trees[0].parent, trees[1].parent
    )


def carried_part(known: KnownPart, part: Part) -> KnownPart:
    """Return a part that is as it was, in the rows of the changed case."""
    now = np.empty(len(known.part.prepared.case.outputs.output_id), dtype=np.int64)
    now[known.part.outputs] = part.outputs
    found, plan = known.found, known.plan
    plan = replace(
        plan,
        outputs=part.outputs,
        nodes=part.nodes,
        pairs=replace(plan.pairs, output=now[plan.pairs.output]),
        reasons=replace(plan.reasons, output=now[plan.reasons.output]),
    )
    pairs = replace(found.pairs, output=now[found.pairs.output])
    return KnownPart(part, replace(found, pairs=pairs), plan)
