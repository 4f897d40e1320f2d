"""Plans beside the optimum: equal up to the hierarchy, within the allowance, better on their own aim."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from builders import AS_OF, capacity, case, output
from click.testing import CliRunner

from circularity.units import IntArray
from matching.case import Case
from matching.case_format.files import write_case
from matching.flow.problem import COST_LEVEL
from matching.near_optimal.alternatives import Alternative, NotOfferedError, alternatives
from matching.near_optimal.words import alternative_values
from matching.pairs.parts import build_problem
from matching.plans.plan import make_plan
from web.cli import main


def lane(output_id: str, capacity_id: str, cost: int, distance: int = 10) -> dict[str, object]:
    return {"output": output_id, "capacity": capacity_id, "cost_cny_per_t": cost, "distance_km": distance}


def found(built: Case, aim: str, permille: int = 20) -> Alternative | None:
    return next((each for each in alternatives(make_plan(built), permille) if each.aim == aim), None)


def masses(built: Case, plan: Alternative | None) -> dict[tuple[str, str], float]:
    """Return tonnes by pair."""
    assert plan is not None
    names = zip(
        built.outputs.output_id[plan.output], built.capacities.capacity_id[plan.capacity], strict=True
    )
    return {(str(i), str(j)): kg / 1000 for (i, j), kg in zip(names, plan.mass_kg.tolist(), strict=True)}


@pytest.fixture
def near_or_cheap() -> Case:
    """100 t go 90 km for 100 CNY/t, or 40 km for 110 CNY/t."""
    return case(
        [output("A", 100)],
        [capacity("CHEAP", 100), capacity("NEAR", 100)],
        lanes=[lane("A", "CHEAP", 100, 90), lane("A", "NEAR", 110, 40)],
    )


def test_tonne_km_fall_as_far_as_the_allowance_reaches(near_or_cheap: Case) -> None:
    plan = found(near_or_cheap, "least_tonne_km")
    assert plan is not None
    assert masses(near_or_cheap, plan) == {("A", "CHEAP"): 80, ("A", "NEAR"): 20}
    assert plan.measures.cost_ucny == (80 * 100 + 20 * 110) * 10**6, "10,000 CNY + 2 %"
    assert plan.measures.kg_m == (80 * 90 + 20 * 40) * 10**6
    assert plan.bound == plan.measures.kg_m, "proven: no such plan travels less"
    assert (plan.outputs_moved, plan.moved_kg) == (1, 20_000)


def test_what_differs_is_told_in_chinese_and_english(near_or_cheap: Case) -> None:
    optimum = make_plan(near_or_cheap)
    plan = next(each for each in alternatives(optimum) if each.aim == "least_tonne_km")
    told = alternative_values(optimum, plan)
    assert told["difference_en"] == (
        "saves 1,000 t·km (−11.1 %) for +200 CNY (+2 %); 20 t of 1 lot go elsewhere"
    )
    assert told["difference_zh"] == "少 1,000 t·km (−11.1 %)；成本 +200 CNY (+2 %)；1 批有 20 t 改变去向"
    assert told["aim_at_least"] == told["measures"]["tonne_km"] == "8000"
    assert told["plan"] == [
        {"output_id": "A", "capacity_id": "CHEAP", "mass_t": "80"},
        {"output_id": "A", "capacity_id": "NEAR", "mass_t": "20"},
    ]


def run_match(folder: Path, *options: str) -> str:
    """Run the command in this process and return what it prints."""
    result = CliRunner().invoke(main, ["match", str(folder), "--as-of", AS_OF.isoformat(), *options])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_prints_alternatives_and_puts_them_into_json(near_or_cheap: Case, tmp_path: Path) -> None:
    write_case(near_or_cheap, tmp_path / "case")
    printed = run_match(tmp_path / "case", "--alternatives")
    assert "saves 1,000 t·km (−11.1 %) for +200 CNY (+2 %)" in printed
    assert "合作方少 · few partners\n    未找到更好的方案 · no better plan found" in printed
    described = json.loads(run_match(tmp_path / "case", "--alternatives", "--allowance", "10", "--json"))
    tonne_km = {each["aim"]: each["measures"]["tonne_km"] for each in described["alternatives"]}
    assert tonne_km["least_tonne_km"] == "4000"
    assert "alternatives" not in json.loads(run_match(tmp_path / "case", "--json"))


def test_the_command_says_why_it_offers_none_and_keeps_the_plan(tmp_path: Path) -> None:
    write_case(case([output("A", 100, min_lot_t=30)], [capacity("X", 100)]), tmp_path / "case")
    assert "none with minimum lots" in run_match(tmp_path / "case", "--alternatives")
    assert (tmp_path / "case-plan" / "plan.csv").exists()


def test_a_wider_allowance_lets_everything_go_near(near_or_cheap: Case) -> None:
    assert masses(near_or_cheap, found(near_or_cheap, "least_tonne_km", 100)) == {("A", "NEAR"): 100}


def test_without_an_allowance_nothing_dearer_is_told(near_or_cheap: Case) -> None:
    assert alternatives(make_plan(near_or_cheap), 0) == []


def test_a_shorter_way_to_a_worse_operation_is_no_alternative() -> None:
    built = case(
        [output("A", 100)],
        [capacity("RECYCLED", 100, operation="C2"), capacity("LANDFILL", 100, operation="D1")],
        lanes=[lane("A", "RECYCLED", 100, 90), lane("A", "LANDFILL", 100, 1)],
    )
    assert alternatives(make_plan(built)) == []


def test_two_outlets_of_equal_cost_share_the_load_alike() -> None:
    built = case(
        [output("A", 100)],
        [capacity("X", 100), capacity("Y", 100)],
        lanes=[lane("A", "X", 100), lane("A", "Y", 101)],
    )
    plan = found(built, "even_load")
    assert plan is not None
    assert masses(built, plan) == {("A", "X"): 50, ("A", "Y"): 50}
    assert (plan.optimum.highest_permille, plan.measures.highest_permille) == (1000, 500)
    assert plan.bound == plan.measures.crowding_kg == 2 * 10_000 * (1 + 2 + 3 + 4)


def test_load_is_spread_no_farther_than_the_allowance_pays_for() -> None:
    built = case(
        [output("A", 100)],
        [capacity("X", 100), capacity("Y", 100)],
        lanes=[lane("A", "X", 100), lane("A", "Y", 110)],
    )
    assert masses(built, found(built, "even_load", 25)) == {("A", "X"): 75, ("A", "Y"): 25}


def test_an_output_split_over_three_outlets_goes_to_one() -> None:
    """Each of the small outlets is a little cheaper than the large one."""
    built = case(
        [output("A", 90)],
        [capacity("P", 30), capacity("Q", 30), capacity("ALL", 90)],
        lanes=[lane("A", "P", 100), lane("A", "Q", 100), lane("A", "ALL", 101)],
    )
    plan = found(built, "few_partners")
    assert plan is not None
    assert (plan.optimum.pairs, plan.measures.pairs) == (3, 1)
    assert masses(built, plan) == {("A", "ALL"): 90}
    assert plan.bound is None, "a heuristic proves nothing"


def test_an_unknown_distance_leaves_no_tonne_km_to_compare() -> None:
    built = case(
        [output("A", 100, place=None)],
        [capacity("X", 100, place=None), capacity("Y", 100, place=None)],
        lanes=[
            {"output": "A", "capacity": "X", "cost_cny_per_t": 100},
            {"output": "A", "capacity": "Y", "cost_cny_per_t": 100},
        ],
        only_lanes=True,
    )
    assert {each.aim for each in alternatives(make_plan(built))} == {"even_load"}


def test_outputs_with_a_minimum_lot_get_no_alternatives() -> None:
    built = case([output("A", 100, min_lot_t=30)], [capacity("X", 100)])
    with pytest.raises(NotOfferedError, match="minimum lots"):
        alternatives(make_plan(built))


def random_case(rng: np.random.Generator, outputs: int, capacities: int, largest_t: int) -> Case:
    """Return lots and outlets of two ranks with lanes of any cost and distance, and a nested cap."""
    operations = ("C2", "C2", "D1")
    rows = [output(f"O{i}", int(rng.integers(1, largest_t * 1000 + 1)) / 1000) for i in range(outputs)]
    columns = [
        capacity(f"C{j}", int(rng.integers(1, largest_t * 1500)) / 1000, operation=operations[j % 3])
        for j in range(capacities)
    ]
    lanes = [
        lane(row["output_id"], column["capacity_id"], int(rng.integers(80, 120)), int(rng.integers(1, 200)))
        for row, column in product(rows, columns)
    ]
    return case(rows, columns, [("CAP", largest_t, ["C0", "C1"], "")], lanes, only_lanes=True)


def test_every_alternative_keeps_the_levels_and_the_allowance_and_betters_its_aim() -> None:
    rng = np.random.default_rng(20261122)
    aims = {"least_tonne_km": 0, "even_load": 0, "few_partners": 0}
    for k in range(25):
        built = random_case(rng, int(rng.integers(2, 10)), int(rng.integers(2, 7)), 20)
        plan, problem = make_plan(built), build_problem(built)
        best = problem.level_sums(on_pairs(built, plan.arcs.output, plan.arcs.capacity, plan.mass_kg))
        for each in alternatives(plan):
            sums = problem.level_sums(on_pairs(built, each.output, each.capacity, each.mass_kg))
            assert sums[:COST_LEVEL] == best[:COST_LEVEL], f"case {k}"
            assert 0 <= sums[COST_LEVEL] - best[COST_LEVEL] <= best[COST_LEVEL] * 20 // 1000, f"case {k}"
            assert sums[COST_LEVEL] == each.measures.cost_ucny
            before, after = each.optimum, each.measures
            if each.aim == "least_tonne_km":
                assert before.kg_m is not None
                assert after.kg_m is not None
                assert each.bound is not None
                assert each.bound <= after.kg_m < before.kg_m
            elif each.aim == "even_load":
                assert each.bound is not None
                assert each.bound <= after.crowding_kg < before.crowding_kg
            else:
                assert after.pairs < before.pairs
            aims[each.aim] += 1
    assert all(aims.values()), aims


def on_pairs(built: Case, output: IntArray, capacity: IntArray, mass_kg: IntArray) -> IntArray:
    """Return masses on all lane pairs of a random case, which come output by output."""
    mass = np.zeros(built.shape[0] * built.shape[1], dtype=np.int64)
    mass[output * built.shape[1] + capacity] = mass_kg
    return mass


def every_plan(supply: list[int], limit: list[int]) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Yield every way to split whole kilograms of the supplies over limits."""
    if not supply:
        yield ()
        return
    for row in product(*(range(min(supply[0], room) + 1) for room in limit)):
        if sum(row) <= supply[0]:
            left = [room - kg for room, kg in zip(limit, row, strict=True)]
            for rest in every_plan(supply[1:], left):
                yield row, *rest


def test_brute_force_over_4_by_4_never_beats_the_bound_and_seldom_the_plan() -> None:
    """Lots of 1 to 3 kg: the gap to the best plan in whole kilograms is at its widest here."""
    rng = np.random.default_rng(44)
    exact = 0
    for k in range(12):
        supply = rng.integers(1, 4, 4).tolist()
        limit = rng.integers(1, 4, 4).tolist()
        cost, distance = rng.integers(90, 111, (4, 4)), rng.integers(1, 100, (4, 4))
        built = case(
            [output(f"O{i}", kg / 1000) for i, kg in enumerate(supply)],
            [capacity(f"C{j}", kg / 1000) for j, kg in enumerate(limit)],
            lanes=[
                lane(f"O{i}", f"C{j}", int(cost[i, j]), int(distance[i, j]))
                for i, j in product(range(4), range(4))
            ],
            only_lanes=True,
        )
        plan = make_plan(built)
        placed, allowed = plan.placed_kg, plan.levels[COST_LEVEL].value * 1020 // 1000
        full = (np.array(each) for each in every_plan(supply, limit) if sum(map(sum, each)) == placed)
        least = min(int((x * distance).sum()) * 1000 for x in full if int((x * cost).sum()) * 1000 <= allowed)
        told = found(built, "least_tonne_km")
        own = int((distance[plan.arcs.output, plan.arcs.capacity] * plan.mass_kg).sum()) * 1000
        if told is None:
            assert own >= least
            exact += own == least
            continue
        assert told.measures.kg_m is not None
        assert told.bound is not None
        assert told.bound <= least <= told.measures.kg_m < own, f"case {k}"
        exact += told.measures.kg_m == least
    assert exact >= 6, f"{exact} of 12 are the best in whole kilograms"


@pytest.mark.parametrize(
    ("outputs", "capacities"),
    [
        ([], [capacity("X", 5)]),
        ([output("A", 5)], []),
        ([output("A", 5, "900-300-34")], [capacity("X", 5)]),
        ([output("A", 5)], [capacity("X", 0), capacity("Y", 5)]),
    ],
    ids=["no output", "no capacity", "nothing lawful", "no other room"],
)
def test_where_nothing_can_differ_there_is_no_alternative(
    outputs: list[dict[str, object]], capacities: list[dict[str, object]]
) -> None:
    assert alternatives(make_plan(case(outputs, capacities))) == []


def test_sums_beyond_64_bits_stay_exact() -> None:
    built = case(
        [output("A", 10**9)],
        [capacity("X", 10**9), capacity("Y", 10**9)],
        lanes=[lane("A", "X", 10**6, 90), lane("A", "Y", 10**6 + 1, 20)],
    )
    plan = found(built, "least_tonne_km")
    assert plan is not None
    assert plan.measures.cost_ucny == 10**12 * (10**6 + 1) * 1000, "kg × CNY/t × 1000 = µCNY"
    assert plan.measures.cost_ucny > 2**63
    assert plan.measures.kg_m == 10**12 * 20_000
