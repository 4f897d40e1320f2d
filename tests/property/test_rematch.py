"""A plan carried through changes is the plan made anew, figure by figure."""

from __future__ import annotations

from typing import Any

import numpy as np
from builders import capacity, case, output
from case_changes import Arguments, change, proposed
from case_strategies import tables
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.case import Case
from matching.plans.plan import Plan, make_plan
from matching.plans.rematch import Matched, matched, rematched


def require_same(live: Plan, cold: Plan) -> None:
    """Compare everything that a plan says but its potentials, its engine and its seconds."""
    assert live.levels == cold.levels
    for one, other in ((live.arcs, cold.arcs), (live.reasons, cold.reasons)):
        assert _columns(one) == _columns(other)
    for name in ("mass_kg", "unmatched_kg", "load_kg", "entry_costs"):
        assert np.array_equal(getattr(live, name), getattr(cold, name)), name
    assert np.array_equal(live.prices.change, cold.prices.change)
    assert (live.bottlenecks, live.lawful_pairs) == (cold.bottlenecks, cold.lawful_pairs)


def _columns(table: object) -> dict[str, Any]:
    return {
        name: {key: column.tolist() for key, column in value.items()}
        if isinstance(value, dict)
        else getattr(value, "tolist", lambda value=value: value)()
        for name, value in vars(table).items()
    }


@settings(max_examples=60, deadline=None)
@given(tables(), st.data())
def test_a_plan_carried_through_changes_is_the_plan_made_anew(
    arguments: Arguments, data: st.DataObject
) -> None:
    live: Matched = matched(case(**arguments))
    for number in range(data.draw(st.integers(1, 4))):
        change(data, arguments, number)
        keeping = proposed(live.plan, arguments) if data.draw(st.booleans()) else []
        now: Case = case(**arguments, proposals=keeping)
        live = rematched(live, now)
        require_same(live.plan, make_plan(now))


def test_a_part_that_nothing_reaches_is_not_matched_again() -> None:
    rows: Arguments = {
        "outputs": [output("A", 9, "900-001-S02"), output("B", 9, "312-001-S01")],
        "capacities": [capacity("X", 20, "SW02"), capacity("Y", 20, "SW01")],
    }
    live = matched(case(**rows))
    rows["outputs"][0]["mass_t"] = 7
    after = rematched(live, case(**rows))
    assert (live.touched, after.touched) == (2, 1)
    rows["outputs"].append(output("C", 5, "900-001-S02"))
    after = rematched(after, case(**rows))
    assert after.touched == 1
    require_same(after.plan, make_plan(case(**rows)))


def test_a_rule_that_one_posting_lets_be_asked_is_asked_of_all() -> None:
    rows: Arguments = {
        "outputs": [output("A", 9, "900-300-34")],
        "capacities": [capacity("X", 20, "HW34", entitlement_kind="hazardous_licence", licence_no="DEMO-1")],
    }
    live = matched(case(**rows))
    assert live.plan.arcs.conditions.tolist() == [0], "nobody has stated a management plan"
    rows["outputs"].append(output("B", 5, "900-300-34", plan_mass_t=5))
    after = rematched(live, case(**rows))
    require_same(after.plan, make_plan(case(**rows)))
    assert after.plan.arcs.conditions.astype(bool).tolist() == [True, False]
