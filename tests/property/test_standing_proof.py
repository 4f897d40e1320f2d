"""A proof from before a change, taken over where it still holds, refuses what a whole proof refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from builders import case
from case_changes import OF_OUTPUTS, Arguments, change
from case_strategies import tables
from hypothesis import given, settings
from hypothesis import strategies as st

from circularity.units import IntArray
from matching.flow.problem import LEVELS
from matching.plans.carried import KnownPart, Moved, carried_potentials, moved, standing_proof
from matching.plans.planning import claim_of_part
from matching.plans.rematch import Matched, matched, rematched, same_receivers
from matching.proof.optimality import candidate_faults

IDS = [("outputs", "output_id"), ("capacities", "capacity_id")]

refused: list[bool] = []


def spoilt(data: st.DataObject, potentials: IntArray) -> IntArray:
    """Return potentials that are wrong by a little, on one level, at every second place or so."""
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    level, most = data.draw(st.integers(0, len(LEVELS) - 1)), data.draw(st.sampled_from([0, 1, 2, 20_000]))
    wrong = potentials.copy()
    places = potentials.shape[1]
    wrong[level] += random.integers(-most, most + 1, places) * random.integers(0, 2, places)
    return wrong


def require_same_verdict(data: st.DataObject, known: KnownPart, now: KnownPart, moves: Moved) -> None:
    """Compare the pairs that a plan without any would need, found with and without a standing proof."""
    part = now.part
    near = carried_potentials(known, part, moves)
    standing = standing_proof(known, part, moves, near)
    nothing = np.empty(0, dtype=np.int64)
    claim = replace(claim_of_part(now.plan), output=nothing, capacity=nothing, mass_kg=nothing)
    for _ in range(5):
        potentials = spoilt(data, data.draw(st.sampled_from([near, now.plan.potentials])))
        whole = candidate_faults(part, claim, potentials)
        assert set(candidate_faults(part, claim, potentials, standing)) == set(whole)
        refused.append(bool(whole))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(tables(), st.data())
def test_a_standing_proof_refuses_what_a_whole_one_refuses(arguments: Arguments, data: st.DataObject) -> None:
    before: Matched = matched(case(**arguments))
    change(data, arguments, 0, OF_OUTPUTS)
    posted, offered = ([row[name] for row in arguments[table]] for table, name in IDS)
    keeping = data.draw(st.sets(st.tuples(st.sampled_from(posted), st.sampled_from(offered)), max_size=6))
    after = rematched(before, case(**arguments, proposals=sorted(keeping)))
    if not same_receivers(before.prepared, after.prepared):
        return
    moves = moved(before.prepared.case, after.prepared.case)
    for now in after.parts:
        for known in before.parts:
            if np.array_equal(known.part.nodes, now.part.nodes):
                require_same_verdict(data, known, now, moves)


def test_both_verdicts_were_met() -> None:
    assert {True, False} <= set(refused)
