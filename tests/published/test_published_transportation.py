"""Published problems through the public case, against a second solver and the published optimum."""

from __future__ import annotations

import json

import numpy as np
import pytest
from published_instances import instance, numbers, transportation_case
from scipy.optimize import linprog
from scipy.sparse import coo_array

from matching.case import Case
from matching.pairs.parts import build_problem
from matching.plans.plan import Plan, make_plan

CFLP = ["cap41", "cap42", "cap51", "cap61", "cap64", "cap71", "cap74"]
HOLMBERG = ["p1", "p4", "p7", "p12", "p41", "p45", "p49"]
DELMAIRE = ["p1", "p5", "p9"]


def level(plan: Plan, name: str) -> int:
    """Return a level's value by name."""
    return next(v.value for v in plan.levels if v.name == name)


def second_solver(plan: Plan) -> tuple[int, int]:
    """Return (most kg placed, least µCNY at that) by an LP solver that knows nothing of networks."""
    problem = build_problem(plan.case)
    n_outputs, n_capacities = len(problem.supply_kg), len(problem.tree.limit_kg)
    arcs = np.arange(len(problem.arc_output))
    rows = np.concatenate([problem.arc_output, problem.arc_entry + n_outputs])
    limits = coo_array(
        (np.ones(2 * len(arcs)), (rows, np.tile(arcs, 2))), shape=(n_outputs + n_capacities, len(arcs))
    )
    right = np.concatenate([problem.supply_kg, problem.tree.limit_kg])
    bounds = np.stack([np.zeros(len(arcs)), problem.arc_limit_kg], axis=1)
    most = linprog(-np.ones(len(arcs)), A_ub=limits, b_ub=right, bounds=bounds, method="highs")
    placed = round(-most.fun)
    cost = problem.coefficient(4, arcs)
    total = coo_array(np.ones((1, len(arcs))))
    least = linprog(cost, A_ub=limits, b_ub=right, A_eq=total, b_eq=[placed], bounds=bounds, method="highs")
    return placed, round(least.fun)


def assert_agrees_with_second_solver(case: Case) -> Plan:
    """Solve with both and compare both levels; the LP's float may round the cost by a relative 1e-12."""
    plan = make_plan(case)
    placed, cost = second_solver(plan)
    assert level(plan, "placed_kg") == placed
    assert level(plan, "cost") == pytest.approx(cost, rel=1e-11)
    return plan


@pytest.mark.parametrize("name", CFLP)
def test_or_library_warehouses_with_opening_costs_set_to_zero(name: str) -> None:
    values = numbers(instance(f"orlib_cflp/{name}.txt"))
    m, n = int(values[0]), int(values[1])
    capacities = values[2 : 2 + 2 * m : 2]
    table = np.array(values[2 + 2 * m :]).reshape(n, m + 1)
    case = transportation_case(table[:, 0], capacities, table[:, 1:] / table[:, :1])
    plan = assert_agrees_with_second_solver(case)
    assert plan.placed_kg == 1000 * int(min(table[:, 0].sum(), sum(capacities)))


@pytest.mark.parametrize(
    ("collection", "name"),
    [("sscflp_holmberg", p) for p in HOLMBERG] + [("sscflp_delmaire", p) for p in DELMAIRE],
)
def test_single_source_instances_as_divisible_lots_with_opening_costs_set_to_zero(
    collection: str, name: str
) -> None:
    values = numbers(instance(f"{collection}/{name}.txt"))
    m, n = int(values[0]), int(values[1])
    capacities, demand = values[2 : 2 + m], np.array(values[2 + 2 * m : 2 + 2 * m + n])
    cost = np.array(values[2 + 2 * m + n :]).reshape(m, n).T
    assert_agrees_with_second_solver(transportation_case(demand, capacities, cost / demand[:, None]))


def test_the_xpress_transport_problem_reaches_its_recomputed_optimum_with_lane_capacities() -> None:
    data = json.loads(instance("textbook/xpress_transport.json").read_text())
    regions, plants = list(data["demand"]), list(data["plants"])
    cost = np.zeros((len(regions), len(plants)))
    limits = {}
    for lane in data["lanes"]:
        pair = regions.index(lane["region"]), plants.index(lane["plant"])
        cost[pair] = 17 * lane["distance"] + data["plants"][lane["plant"]]["unit_cost"]
        limits[pair] = lane["capacity"]
    case = transportation_case(
        list(data["demand"].values()), [p["capacity"] for p in data["plants"].values()], cost, limits
    )
    plan = make_plan(case)
    assert plan.unmatched_kg.sum() == 0
    assert level(plan, "cost") == 81_018_000 * 10**6, "81,018,000 per year, in µCNY"
