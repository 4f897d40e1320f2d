"""What must hold for every case whatever its numbers."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from builders import case
from case_strategies import tables
from hypothesis import given, settings
from hypothesis import strategies as st

from circularity.acceptance import RULES
from matching.flow.problem import LEVELS, TIE_LEVEL
from matching.pairs.arcs import find_arcs
from matching.plans.plan import Plan, make_plan


def minimised(plan: Plan) -> list[int]:
    """Return the levels before the tie as the minimised sums, in order."""
    pairs = zip(LEVELS, plan.levels, strict=True)
    return [-v.value if level.maximise else v.value for level, v in pairs][:TIE_LEVEL]


@settings(max_examples=60, deadline=None)
@given(tables())
def test_every_kilogram_is_placed_or_unmatched_with_a_reason(arguments: dict[str, Any]) -> None:
    plan = make_plan(case(**arguments))
    supply = sum(plan.case.outputs.mass_kg.tolist())
    assert plan.placed_kg + int(plan.unmatched_kg.sum()) == supply
    assert plan.reasons.mass_kg.sum() == plan.unmatched_kg.sum()
    assert all(reason for reason in plan.reasons.reason)
    assert all(plan.reasons.change_zh)
    assert all(plan.reasons.change_en)


@settings(max_examples=60, deadline=None)
@given(tables())
def test_every_pair_is_an_arc_or_excluded_by_a_first_rule(arguments: dict[str, Any]) -> None:
    built = case(**arguments)
    arcs, plan = find_arcs(built), make_plan(built)
    n_outputs, n_capacities = built.shape
    arcs_of = np.bincount(arcs.output, minlength=n_outputs)
    assert plan.lawful_pairs == len(arcs.output)
    assert plan.arcs.excluded.tolist() == arcs.excluded.tolist()
    assert plan.arcs.excluded.shape == (n_outputs, len(RULES))
    assert (arcs_of + arcs.excluded.sum(axis=1)).tolist() == [n_capacities] * n_outputs


@settings(max_examples=60, deadline=None)
@given(tables(), st.data())
def test_more_capacity_never_worsens_the_levels(arguments: dict[str, Any], data: st.DataObject) -> None:
    before = make_plan(case(**arguments))
    rows = [dict(row) for row in arguments["capacities"]]
    data.draw(st.sampled_from(rows))["capacity_t"] += data.draw(st.integers(1, 20))
    after = make_plan(case(arguments["outputs"], rows, arguments["caps"]))
    assert minimised(after) <= minimised(before)


@settings(max_examples=40, deadline=None)
@given(tables(), st.randoms(use_true_random=False))
def test_row_order_and_engine_never_show(arguments: dict[str, Any], shuffle: random.Random) -> None:
    plan = make_plan(case(**arguments), engine="ortools")
    mixed = {name: shuffle.sample(rows, len(rows)) for name, rows in arguments.items()}
    again = make_plan(case(**mixed), engine="networkx")
    assert again.case.digest() == plan.case.digest()
    assert again.mass_kg.tolist() == plan.mass_kg.tolist()
    assert again.prices.potentials.tolist() == plan.prices.potentials.tolist()
