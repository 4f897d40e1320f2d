"""Reasons: the nearest miss of what stayed behind, in both languages, and the alternatives of a match."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from builders import ANHUI, AS_OF, JIANGSU, SHANGHAI, capacity, case, output

from circularity.units import MISSING
from matching.case import Case
from matching.pairs.arcs import find_arcs
from matching.plans.plan import make_plan
from matching.reasons.explain import Unmatched, explain_unmatched
from matching.reasons.lawful_outlets import explain_match

ACID = "398-007-34"


def explain(built: Case, **unmatched_t: int) -> Unmatched:
    """Explain the unmatched tonnes by output id; without any, all of them."""
    ids = built.outputs.output_id.tolist()
    kg = np.array([unmatched_t.get(i, 0) * 1000 for i in ids]) if unmatched_t else built.outputs.mass_kg
    return explain_unmatched(built, find_arcs(built), kg)


def told(unmatched: Unmatched, row: int = 0) -> tuple[str, int, int, str]:
    return (
        str(unmatched.reason[row]),
        int(unmatched.nearest_capacity[row]),
        int(unmatched.slack[row]),
        str(unmatched.slack_unit[row]),
    )


def acid_works(capacity_id: str, **columns: Any) -> dict[str, Any]:
    return capacity(capacity_id, 100, "HW34", "R6", entitlement_kind="hazardous_licence", **columns)


def test_full_outlets_are_the_reason_where_there_are_lawful_ones() -> None:
    built = case(
        [output("O1", 100)], [capacity("C1", 30, place=ANHUI, accepts_from="31"), capacity("C2", 50)]
    )
    unmatched = explain(built, O1=20)
    assert told(unmatched) == ("capacity", 1, 20_000, "kg")
    assert unmatched.mass_kg.tolist() == [20_000]
    assert unmatched.change_zh[0] == "2 个合规去处的可用能力已排满；最近的 C2 再有 20 t 能力即可接收"
    assert (
        unmatched.change_en[0]
        == "its 2 lawful outlet(s) are full; 20 t more room at C2, the nearest, would take it"
    )


@pytest.mark.parametrize(
    ("limits", "wanted_zh", "wanted_en"),
    [
        ({"tonnes": 10}, "能力", "room"),
        ({"tonnes": 100, "cap": 10}, "限额", "allowance"),
        ({"tonnes": 20, "cap": 10}, "能力、限额", "room and allowance"),
        ({"tonnes": 100, "lane": 10}, "线路限量", "lane limit"),
    ],
)
def test_a_full_outlet_is_told_by_what_it_lacks(
    limits: dict[str, int], wanted_zh: str, wanted_en: str
) -> None:
    built = case(
        [output("O1", 50)],
        [capacity("C1", limits["tonnes"])],
        caps=[("line", limits["cap"], ["C1"], "")] if "cap" in limits else [],
        lanes=[{"output": "O1", "capacity": "C1", "limit_t": limits["lane"]}] if "lane" in limits else [],
    )
    reasons = make_plan(built).reasons
    assert reasons.change_zh[0] == f"1 个合规去处的可用能力已排满；最近的 C1 再有 40 t {wanted_zh}即可接收"
    assert f"40 t more {wanted_en} at C1" in reasons.change_en[0]


def test_only_outputs_with_unmatched_mass_are_explained_in_their_order() -> None:
    built = case([output("O2"), output("O1", 10, ACID), output("O3")], [capacity("C1")])
    assert explain(built, O1=10, O3=1).output.tolist() == [0, 2]
    assert explain(built, O1=10, O3=1).reason.tolist() == ["waste_code", "capacity"]


def test_a_distance_limit_says_how_far_to_raise_it() -> None:
    built = case(
        [output("O1", place=ANHUI, max_distance_km=250)],
        [capacity("C1"), capacity("C2", waste_pattern="SW06")],
    )
    unmatched = explain(built)
    assert told(unmatched) == ("distance", 0, 288_672 - 250_000, "m")
    assert unmatched.change_zh[0] == "距离上限放宽 38.672 km 即可送往 C1"
    assert unmatched.change_en[0] == "raise the distance limit by 38.672 km to reach C1"


def test_a_missing_licence_names_the_category_that_is_needed() -> None:
    built = case(
        [output("O1", 10, ACID)],
        [capacity("C1", waste_pattern="SW02"), acid_works("C2") | {"waste_pattern": "HW17"}],
    )
    unmatched = explain(built)
    # C1 lacks code and licence (two rules), C2 only the code (one)
    assert told(unmatched) == ("waste_code", 1, 1, "")
    assert unmatched.change_zh[0] == "需要涵盖 HW34 的危险废物经营许可证"
    assert unmatched.change_en[0] == "a hazardous waste licence covering HW34 is needed"


def test_fewer_broken_rules_beat_a_shorter_way() -> None:
    built = case(
        [output("O1", allowed_operations="C2", max_distance_km=10, place=SHANGHAI)],
        [
            capacity("C1", operation="D1", waste_pattern="SW06"),
            capacity("C2", place=ANHUI, accepts_from="31"),
        ],
    )
    assert told(explain(built))[:2] == ("distance", 1)


def test_of_equally_many_broken_rules_the_one_that_got_furthest_is_told() -> None:
    built = case(
        [output("O1", allowed_operations="C2", max_distance_km=10)],
        [capacity("C1", operation="D1"), capacity("C2", place=JIANGSU, accepts_from="31")],
    )
    assert told(explain(built))[:2] == ("distance", 1)


def test_a_plant_that_only_its_standing_keeps_away_is_nearer_than_one_that_lies_too_far() -> None:
    built = case(
        [output("O1", max_distance_km=10)],
        [capacity("C1", standing="suspended"), capacity("C2", place=JIANGSU, accepts_from="31")],
    )
    unmatched = explain(built)
    assert told(unmatched)[:2] == ("standing", 0)
    assert unmatched.change_en[0] == "C1 can take it once it is no longer suspended"


def test_a_suspended_plant_that_does_not_fit_anyway_is_no_nearer_than_others() -> None:
    built = case(
        [output("O1", max_distance_km=10)],
        [
            capacity("C1", standing="suspended", place=ANHUI, accepts_from="31"),
            capacity("C2", place=JIANGSU, accepts_from="31"),
        ],
    )
    assert told(explain(built))[:2] == ("distance", 1)


def test_full_outlets_are_told_with_the_plants_that_would_take_it_but_for_their_standing() -> None:
    built = case(
        [output("O1", 100, max_distance_km=50), output("O2", 30, "900-099-S06")],
        [
            capacity("C1", 60),
            capacity("C2", 10, "SW06"),
            capacity("C3", standing="suspended"),
            capacity("C4", facility_id="F-C3", standing="suspended"),
            capacity("C5", standing="accident"),
            capacity("C6", standing="suspended", place=ANHUI, accepts_from="31"),
        ],
    )
    unmatched = explain(built, O1=40, O2=20)
    assert unmatched.reason.tolist() == ["capacity", "capacity"]
    # C3 and C4 are one plant, C6 lies too far away; nobody who is suspended takes slag
    assert "2 more would take it but for their standing" in unmatched.change_en[0]
    assert "另有 2 家设施" in unmatched.change_zh[0]
    assert "standing" not in unmatched.change_en[1]


def test_then_the_smallest_slack_then_the_nearest_then_the_first_by_id() -> None:
    slag = output("O1", available_to=AS_OF + timedelta(days=10))
    late, later = (AS_OF + timedelta(days=n) for n in (15, 20))
    far = {"place": ANHUI, "accepts_from": "31"}
    by_slack = case(
        [slag], [capacity("C1", available_from=later), capacity("C2", available_from=late, **far)]
    )
    assert told(explain(by_slack)) == ("period", 1, 15 - 10, "days")
    by_way = case([slag], [capacity("C1", available_from=late, **far), capacity("C2", available_from=late)])
    assert told(explain(by_way))[1] == 1
    by_id = case([slag], [capacity("C2", available_from=late), capacity("C1", available_from=late)])
    assert told(explain(by_id))[1] == 0


def test_a_composition_names_the_analyte_and_never_the_receivers_limit() -> None:
    built = case(
        [output("O1", assays={"cl_mg_per_kg": 520})],
        [capacity("C1", limits_max={"cl_mg_per_kg": 300, "f_percent": 1})],
    )
    unmatched = explain(built)
    assert told(unmatched) == ("composition", 0, 220_000_000, "1e-6 cl_mg_per_kg")
    assert unmatched.change_zh[0] == "成分改善即可送往 C1：氯 220 mg/kg"
    assert unmatched.change_en[0].endswith("within the limits of C1: off by chlorine 220 mg/kg")


def test_a_net_cost_limit_says_by_how_much_to_raise_it() -> None:
    built = case(
        [output("O1", price_cny_per_t=0, max_net_cost_cny_per_t=10)],
        [capacity("C1", gate_fee_cny_per_t=12.5)],
    )
    unmatched = explain(built)
    assert told(unmatched) == ("too_dear", 0, 2_500, "ucny_per_kg")
    assert unmatched.change_en[0] == "raise the net cost limit by 2.5 CNY/t to reach C1"


def test_a_window_that_ends_before_the_procedure_says_how_long_it_must_be() -> None:
    built = case([output("O1", place=ANHUI, available_to=AS_OF + timedelta(days=7))], [capacity("C1")])
    unmatched = explain(built)
    assert told(unmatched) == ("lead_time", 0, 7, "days")
    assert unmatched.change_zh[0] == "转移期延长 7 天即可在手续办结后送往 C1"


def test_without_any_pair_there_is_nothing_to_compare_with() -> None:
    assert told(explain(case([output("O1")], []))) == ("no_candidate", -1, MISSING, "")
    lanes = [{"output": "O2", "capacity": "C1", "distance_km": 1}]
    built = case(
        [output("O1"), output("O2", max_distance_km=0.5)], [capacity("C1")], lanes=lanes, only_lanes=True
    )
    unmatched = explain(built)
    assert unmatched.reason.tolist() == ["no_candidate", "distance"]
    assert unmatched.change_en[0] == "the sheet lanes names no pair for it"


def test_arcs_of_another_case_are_refused() -> None:
    here = case([output("O1")], [capacity("C1")])
    nothing = find_arcs(case([output("O1", 1, ACID)], [capacity("C1")]))
    with pytest.raises(ValueError, match="not those of this case"):
        explain_unmatched(here, nothing, here.outputs.mass_kg)


def test_a_match_tells_its_alternatives_best_level_first() -> None:
    built = case(
        [output("O0"), output("O1", price_cny_per_t=0)],
        [
            capacity("C1", operation="D1", gate_fee_cny_per_t=-50),
            capacity("C2", operation="C2", gate_fee_cny_per_t=9),
            capacity("C3", operation="C2", gate_fee_cny_per_t=4),
            capacity("C4", operation="R5", gate_fee_cny_per_t=80),
            capacity("C5", waste_pattern="SW06"),
        ],
    )
    arcs = find_arcs(built)
    outlets = explain_match(built, arcs, 1)
    # regeneration (rank 1), building material (2) cheapest first, landfill (7), however cheap
    assert built.capacities.capacity_id[outlets.capacity].tolist() == ["C4", "C3", "C2", "C1"]
    assert outlets.utilised.tolist() == [True, True, True, False]
    assert outlets.rank.tolist() == [1, 2, 2, 7]
    assert outlets.cost_ucny_per_kg.tolist() == [80_000, 4_000, 9_000, -50_000]
    assert arcs.components["gate_fee"][outlets.arc].tolist() == [80_000, 4_000, 9_000, -50_000]
    assert set(arcs.output[outlets.arc].tolist()) == {1}


def test_an_outlet_that_states_no_operation_is_the_last_alternative_as_in_a_plan() -> None:
    built = case([output("O1")], [capacity("C1", operation=""), capacity("C2", operation="D1")])
    outlets = explain_match(built, find_arcs(built), 0)
    assert built.capacities.capacity_id[outlets.capacity].tolist() == ["C2", "C1"]
    plan = make_plan(built)
    assert (plan.arcs.capacity.tolist(), plan.mass_kg.tolist()) == ([1], [100_000])
