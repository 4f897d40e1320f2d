"""The same law for millions and for one: blocks, single pairs and reasons never disagree."""

from __future__ import annotations

from typing import Any

import numpy as np
from builders import AS_OF, case
from case_strategies import tables
from hypothesis import given, settings
from hypothesis import strategies as st

from circularity.acceptance import RULES, VERDICTS, Pairs, findings, judge
from circularity.acceptance.judge import Verdicts
from matching.case import Case
from matching.pairs.arcs import find_arcs
from matching.pairs.eligibility import tables_of, with_costs
from matching.reasons.explain import explain_unmatched

extras = st.fixed_dictionaries(
    {},
    optional={
        "standing": st.sampled_from(["", "suspended"]),
        "senders": st.sampled_from(["", "A", "A;B"]),
        "entitlement_kind": st.sampled_from(["", "point_to_point_scheme", "stage_exemption"]),
        "whitelist_from": st.sampled_from(["", "31", "32;34"]),
        "max_distance_km": st.integers(50, 300),
        "limits_max": st.fixed_dictionaries({"cl": st.integers(1, 9)}),
    },
)
claims = st.fixed_dictionaries(
    {},
    optional={
        "organisation": st.sampled_from(["A", "B", "C"]),
        "status": st.sampled_from(["waste", "by_product"]),
        "allowed_operations": st.sampled_from(["", "C2", "R5;C1"]),
        "assays": st.fixed_dictionaries({"cl": st.integers(1, 9)}),
        "plan_mass_t": st.integers(0, 20),
    },
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    rows: dict[str, Any] = draw(tables())
    outputs = [row | draw(claims) for row in rows["outputs"]]
    capacities = [
        row | {"facility_id": f"F{row['capacity_id']}"} | draw(extras) for row in rows["capacities"]
    ]
    return case(outputs, capacities)


def all_pairs(built: Case) -> Pairs:
    i, j = (axis.ravel() for axis in np.indices(built.shape))
    return with_costs(built, Pairs(tables_of(built), i, j))


@given(cases())
@settings(max_examples=60, deadline=None)
def test_asking_all_pairs_at_once_is_asking_each_pair_alone(built: Case) -> None:
    pairs = all_pairs(built)
    together = judge(pairs)
    for k in range(len(pairs)):
        alone = judge(pairs.take(np.array([k])))
        for name in ("verdict", "first_rule", "conditions", "earliest_day", "latest_day"):
            assert getattr(alone, name)[0] == getattr(together, name)[k], name
        assert alone.slack[:, 0].tolist() == together.slack[:, k].tolist()
        broken = [rule.code for r, rule in enumerate(RULES) if together.slack[r, k] > 0]
        told = findings(pairs, k)
        assert [finding.rule for finding in told] == broken
        assert all(finding.zh and finding.en and "{" not in finding.zh + finding.en for finding in told)


@given(cases())
@settings(max_examples=60, deadline=None)
def test_arcs_and_exclusions_are_what_the_verdicts_say(built: Case) -> None:
    pairs, arcs = all_pairs(built), find_arcs(built)
    verdicts = judge(pairs)
    kept = np.flatnonzero(verdicts.verdict != VERDICTS.index("unlawful"))
    assert arcs.output.tolist() == pairs.i[kept].tolist()
    assert arcs.capacity.tolist() == pairs.j[kept].tolist()
    assert arcs.conditions.tolist() == verdicts.conditions[kept].tolist()
    assert arcs.earliest_day.tolist() == verdicts.earliest_day[kept].tolist()
    assert arcs.latest_day.tolist() == verdicts.latest_day[kept].tolist()
    assert (arcs.earliest_day >= AS_OF.toordinal()).all()
    counted = np.zeros_like(arcs.excluded)
    out = verdicts.first_rule >= 0
    np.add.at(counted, (pairs.i[out], verdicts.first_rule[out]), 1)
    assert np.array_equal(arcs.excluded, counted)


def reached(verdicts: Verdicts, forbidding: Any, k: int) -> int:
    """How far a pair got in the order of the rules: past all where nothing but its standing is broken."""
    first = int(verdicts.first_rule[k])
    alone = RULES[first].code == "standing" and (verdicts.slack[forbidding, k] > 0).sum() == 1
    return len(RULES) if alone else first


@given(cases())
@settings(max_examples=60, deadline=None)
def test_the_nearest_miss_is_the_best_of_all_pairs_in_the_order_of_the_design(built: Case) -> None:
    pairs, arcs = all_pairs(built), find_arcs(built)
    verdicts = judge(pairs)
    told = explain_unmatched(built, arcs, np.maximum(built.outputs.mass_kg, 1))
    forbidding = np.array([rule.effect == "unlawful" for rule in RULES])
    for row, i in enumerate(told.output.tolist()):
        if told.reason[row] == "capacity":
            assert i in arcs.output
            continue
        best = min(
            (
                int((verdicts.slack[forbidding, k] > 0).sum()),
                -reached(verdicts, forbidding, k),
                int(verdicts.slack[verdicts.first_rule[k], k]),
                int(pairs.distance_m[k]) if pairs.distance_m is not None else 0,
                int(pairs.j[k]),
                int(verdicts.first_rule[k]),
            )
            for k in np.flatnonzero(pairs.i == i)
        )
        assert told.nearest_capacity[row] == best[4]
        assert told.reason[row] == RULES[best[5]].code
        assert told.slack[row] == best[2]
        assert told.change_zh[row]
        assert told.change_en[row]
